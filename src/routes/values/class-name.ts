/** The name of a class of Services: a DNS label (RFC 1123). */
export type ClassName = string & { readonly __brand: "ClassName" };

export const classExpected = "a DNS label (lower-case letters, digits and -, at most 63 characters)";

export const parseClassName = (raw: string): ClassName | null =>
  /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(raw) ? (raw as ClassName) : null;
