/** How a Service's port is named: by its number or its name. */
export type PortReference = { readonly number: number } | { readonly name: string };

export const portExpected = "a port's number (1 to 65535) or its name on this Service";

/** Parses a port reference. Source: `IANA_SVC_NAME`, RFC 6335 section 5.1, for names. */
export const parsePortReference = (raw: string): PortReference | null => {
  if (/^\d{1,5}$/.test(raw)) {
    const number = Number(raw);
    return number >= 1 && number <= 65535 ? { number } : null;
  }
  const isName = raw.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(raw) && /[a-z]/.test(raw);
  return isName ? { name: raw } : null;
};
