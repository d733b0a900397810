import { isIPv4, isIPv6 } from "node:net";
import type { Parsed } from "./environment.ts";

/** Where a program's own HTTP endpoints listen. `host` null means every address. */
export interface ListenAddress {
  readonly host: string | null;
  readonly port: number;
}

const expected = "a port (9101), :port, or address:port ([::1]:9101, 127.0.0.1:9101); port 0 lets the kernel choose";

/** Parses `:9101`, `9101`, `127.0.0.1:9101` or `[::1]:9101`. */
export const parseListenAddress = (raw: string): Parsed<ListenAddress> => {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([\d.]+))?:)?(\d{1,5})$/.exec(raw);
  if (match === null) return { ok: false, expected };
  const [, v6, v4, digits] = match;
  const port = Number(digits);
  if (port > 65535) return { ok: false, expected };
  if (v6 !== undefined && !isIPv6(v6)) return { ok: false, expected };
  if (v4 !== undefined && !isIPv4(v4)) return { ok: false, expected };
  return { ok: true, value: { host: v6 ?? v4 ?? null, port } };
};
