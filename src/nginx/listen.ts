import { isIPv4, isIPv6 } from "node:net";

/** The address of an nginx `listen` directive: `8080`, `127.0.0.1:8080`, `[::]:8080`. */
export type ListenValue = string & { readonly __brand: "ListenValue" };

export const listenExpected =
  "ports or addresses with ports for nginx to listen on, comma-separated (8080, 127.0.0.1:8080, [::]:8080)";

const parseOne = (raw: string): ListenValue | null => {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([\d.]+)):)?(\d{1,5})$/.exec(raw);
  if (match === null) return null;
  const [, v6, v4, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535) return null;
  // One form of each address: nginx refuses the same one twice, however it is written.
  if (v6 !== undefined) return isIPv6(v6) ? (`${new URL(`http://[${v6}]/`).hostname}:${port}` as ListenValue) : null;
  if (v4 === undefined || v4 === "0.0.0.0") return String(port) as ListenValue;
  return isIPv4(v4) ? (`${v4}:${port}` as ListenValue) : null;
};

/** Parses a comma list of listen addresses; null when one is bad or there is none. Repetitions are dropped. */
export const parseListenList = (raw: string): readonly ListenValue[] | null => {
  const values = new Set<ListenValue>();
  for (const element of raw.split(",")) {
    const value = parseOne(element.trim());
    if (value === null) return null;
    values.add(value);
  }
  return [...values];
};
