/** A header to be set: its name, and a value that may stand in a double-quoted nginx string. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

export const headersExpected =
  'a JSON object of header names and values ({"X-Team": "shop"}), at most 50, names of at most 46 characters; values of visible ASCII without ", \\ and $';

const maxHeaders = 50;
// A name of more than 46 characters does not fit nginx's hash of them, and nginx would refuse everybody's file.

const isName = (name: string): boolean => /^[A-Za-z0-9][\w.-]{0,45}$/.test(name);
const isValue = (value: unknown): value is string =>
  typeof value === "string" && value.length <= 1024 && /^[\x20-\x7e]*$/.test(value) && !/["\\$]/.test(value);

/** Hop-by-hop headers and those that frame the message: nginx's to set. Source: RFC 9110 section 7.6.1. */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const ofRequest: ReadonlySet<string> = new Set([
  "host",
  "forwarded",
  "x-real-ip",
  "x-request-id",
  "x-scheme",
  "expect",
]);

const isReservedForRequest = (name: string): boolean =>
  framing.has(name) || ofRequest.has(name) || name.startsWith("x-forwarded-") || name.startsWith("proxy");

const parseHeaders = (raw: string, isReserved: (name: string) => boolean): readonly Header[] | null => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const headers = new Map<string, Header>();
  for (const [name, value] of Object.entries(parsed)) {
    const key = name.toLowerCase();
    if (!isName(name) || !isValue(value) || isReserved(key) || headers.has(key)) return null;
    headers.set(key, { name, value });
  }
  return headers.size > maxHeaders ? null : [...headers.keys()].sort().flatMap((key) => headers.get(key) ?? []);
};

export const responseHeadersExpected = `${headersExpected}; not those that frame the message (Content-Type, Connection …)`;
export const requestHeadersExpected = `${headersExpected}; not those that nginx sets (Host, X-Forwarded-*, Connection …)`;

export const parseResponseHeaders = (raw: string): readonly Header[] | null =>
  parseHeaders(raw, (name) => framing.has(name));

export const parseRequestHeaders = (raw: string): readonly Header[] | null => parseHeaders(raw, isReservedForRequest);
