import { parseHost } from "./host.ts";

/** `*`, or a scheme with a host (perhaps `*.` for one label) and a port. */
export type Origin = string & { readonly __brand: "Origin" };

export const originExpected =
  "*, or an origin (https://shop.example.com, https://*.example.com, http://localhost:3000)";

/** Parses an element of `cors-allow-origin`. */
export const parseOrigin = (raw: string): Origin | null => {
  if (raw === "*") return "*" as Origin;
  const match = /^(https?):\/\/([^:/]+)(?::(\d{1,5}))?$/i.exec(raw);
  if (match === null) return null;
  const host = parseHost(match[2] ?? "");
  const port = match[3];
  if (host === null || (port !== undefined && (Number(port) < 1 || Number(port) > 65535))) return null;
  return `${match[1]?.toLowerCase()}://${host}${port === undefined ? "" : `:${Number(port)}`}` as Origin;
};

/** An HTTP method, or a header's name, in a CORS answer. */
export type CorsToken = string & { readonly __brand: "CorsToken" };

export const methodExpected = "methods in upper case, comma-separated (GET, POST)";

export const parseMethod = (raw: string): CorsToken | null => (/^[A-Z]{1,20}$/.test(raw) ? (raw as CorsToken) : null);

export const headerNameExpected = "header names, comma-separated (Authorization, X-Token), or *";

export const parseHeaderName = (raw: string): CorsToken | null =>
  raw === "*" || /^[A-Za-z0-9][\w.-]{0,127}$/.test(raw) ? (raw as CorsToken) : null;
