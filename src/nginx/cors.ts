import { createHash } from "node:crypto";
import type { Cors } from "../routes/behaviour.ts";
import type { Origin } from "../routes/values/cors.ts";

/** A `map` from the request's Origin to the one that the answer allows: empty when it is none of those. */
export interface OriginMap {
  /** With its dollar sign. */
  readonly variable: string;
  /** The left sides, quoted. */
  readonly patterns: readonly string[];
}

// All as expressions: a long origin by itself would not fit the hash that nginx makes of such.
const originPattern = (origin: Origin): string => {
  const at = origin.indexOf("*.");
  const quoted = (text: string): string => text.replaceAll(".", "\\.");
  if (at < 0) return `"~^${quoted(origin)}$"`;
  return `"~^${quoted(origin.slice(0, at))}[a-z0-9-]+\\.${quoted(origin.slice(at + 2))}$"`;
};

/** The map that a set of named origins needs; null where any origin is allowed. The same set gives the same name. */
export const originMap = (cors: Cors): OriginMap | null => {
  if (cors.origins.length === 1 && cors.origins[0] === "*") return null;
  const patterns = [...new Set(cors.origins.map(originPattern))].sort();
  const name = createHash("sha256").update(patterns.join()).digest("hex").slice(0, 12);
  return { variable: `$hotroute_origin_${name}`, patterns };
};

// What the backend says itself must not stand beside what is said for it: browsers refuse two.
const hidden = [
  "Access-Control-Allow-Origin",
  "Access-Control-Allow-Credentials",
  "Access-Control-Allow-Methods",
  "Access-Control-Allow-Headers",
  "Access-Control-Max-Age",
];

/** The directives of a location with CORS; a preflight is answered by nginx. Source: Fetch standard, CORS protocol. */
export const corsDirectives = (cors: Cors, module: "proxy" | "grpc"): readonly string[] => {
  const map = originMap(cors);
  const shared = [
    `add_header Access-Control-Allow-Origin ${map?.variable ?? '"*"'} always;`,
    ...(cors.allowsCredentials ? ["add_header Access-Control-Allow-Credentials true always;"] : []),
    ...(map === null ? [] : ["add_header Vary Origin always;"]),
  ];
  const preflight = [
    ...shared,
    `add_header Access-Control-Allow-Methods "${cors.methods.join(", ")}" always;`,
    `add_header Access-Control-Allow-Headers "${cors.headers.join(", ")}" always;`,
    `add_header Access-Control-Max-Age ${cors.maxAgeSeconds} always;`,
    "return 204;",
  ];
  return [
    "if ($hotroute_preflight) {",
    ...preflight.map((line) => `    ${line}`),
    "}",
    ...hidden.map((name) => `${module}_hide_header ${name};`),
    ...shared,
  ];
};
