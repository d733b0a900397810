/** An absolute http or https URL in its serialised form, of characters that may stand in a quoted nginx string. */
export type AbsoluteUrl = string & { readonly __brand: "AbsoluteUrl" };

export const urlExpected = "an absolute http or https URL without a user (https://shop.example.com/new)";

// nginx reads no word of more than 4,095 bytes.
const maxLength = 2048;

/** Parses a URL and serialises it again; what the serialisation leaves that a configuration could misread is refused. */
export const parseAbsoluteUrl = (raw: string): AbsoluteUrl | null => {
  if (raw.length > maxLength || !/^https?:\/\/[^\s]+$/i.test(raw) || !URL.canParse(raw)) return null;
  const url = new URL(raw);
  // Serialising makes nine letters of one that is not ASCII.
  if (url.href.length > maxLength || url.username !== "" || url.password !== "") return null;
  return /^https?:\/\/[\w\-.~:/?@!&()*+,=%[\]]+$/.test(url.href) ? (url.href as AbsoluteUrl) : null;
};
