/** An absolute http or https URL in its serialised form, of characters that may stand in a quoted nginx string. */
export type AbsoluteUrl = string & { readonly __brand: "AbsoluteUrl" };

export const urlExpected = "an absolute http or https URL without a user (https://shop.example.com/new)";

/** Parses a URL and serialises it again; what the serialisation leaves that a configuration could misread is refused. */
export const parseAbsoluteUrl = (raw: string): AbsoluteUrl | null => {
  if (raw.length > 2048 || !/^https?:\/\/[^\s]+$/i.test(raw) || !URL.canParse(raw)) return null;
  const url = new URL(raw);
  if (url.username !== "" || url.password !== "") return null;
  return /^https?:\/\/[\w\-.~:/?@!&()*+,=%[\]]+$/.test(url.href) ? (url.href as AbsoluteUrl) : null;
};
