import { parse } from "yaml";

/** The entries of `routes`, their values not looked at yet. */
export type RouteList = readonly Readonly<Record<string, unknown>>[];

export const routeListExpected =
  "a YAML or JSON list of objects with keys of this language ([{path: /a, port: 80}]), at most 100, in at most 32 KiB";

const maxEntries = 100;
// Looking for a key that stands twice takes the square of their number: 200 KB took half a minute.
const maxLength = 32 * 1024;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads the list; null when it is none. No aliases: a few lines of them make gigabytes. */
export const parseRouteList = (raw: string): RouteList | null => {
  if (raw.length > maxLength) return null;
  let list: unknown;
  try {
    list = parse(raw, { maxAliasCount: 0, prettyErrors: false, logLevel: "error" });
  } catch {
    return null;
  }
  return Array.isArray(list) && list.length > 0 && list.length <= maxEntries && list.every(isRecord) ? list : null;
};
