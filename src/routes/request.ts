import type { Host } from "./values/host.ts";

/** What of a request decides who answers it, as nginx sees it. */
export interface RouteRequest {
  /** In lower case, without the port and a last dot; null: the request names none that a route could have. */
  readonly host: string | null;
  /** Decoded, `//` merged, `.` and `..` resolved. */
  readonly path: string;
}

// Paths of routes are ASCII: it is enough that a byte of a longer character stays one character.
const decodeBytes = (raw: string): string | null => {
  if (/%(?![0-9A-Fa-f]{2})|%00/.test(raw)) return null;
  return raw.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
};

/**
 * The path that nginx compares with its locations. Source: `ngx_http_parse_complex_uri`, with `merge_slashes on`.
 *
 * @param target the path of a request line, with or without a query
 * @returns null where nginx answers 400: a bad or zero `%`-escape, or `..` above the root
 */
export const normalisePath = (target: string): string | null => {
  const decoded = decodeBytes(target.replace(/[?#].*$/s, ""));
  if (decoded === null || !decoded.startsWith("/")) return null;
  const segments = decoded.slice(1).split("/");
  const last = segments.at(-1);
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === "..") {
      if (kept.pop() === undefined) return null;
    } else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const isFolder = last === "" || last === "." || last === "..";
  return `/${kept.join("/")}${isFolder && kept.length > 0 ? "/" : ""}`;
};

/**
 * The host that nginx compares with its server names. Source: `ngx_http_validate_host`.
 *
 * @param raw a Host header, perhaps with a port
 * @returns null where it is no DNS name, so that no route can have it
 */
export const normaliseHost = (raw: string): string | null => {
  const host = raw.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host) ? host : null;
};

/** The host of a route that takes a request's host, of those that routes have: itself, else the wildcard one label up. */
export const findHost = (hosts: ReadonlySet<Host>, requested: string | null): Host | null => {
  if (requested === null) return null;
  const names: ReadonlySet<string> = hosts;
  if (names.has(requested)) return requested as Host; // it is one of them
  const dot = requested.indexOf(".");
  const wildcard = `*${requested.slice(dot)}`;
  return dot !== -1 && names.has(wildcard) ? (wildcard as Host) : null; // it is one of them
};
