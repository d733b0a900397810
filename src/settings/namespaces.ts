import type { Parsed } from "./environment.ts";

const namespaceName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether a text may be a namespace's name: a DNS label (RFC 1123), as the API server demands. */
export const isNamespaceName = (text: string): boolean => namespaceName.test(text);

/** Parses `NAMESPACES`: a comma list; the order is kept. */
export const parseNamespaces = (raw: string): Parsed<readonly string[]> => {
  const names = raw.split(",").map((element) => element.trim());
  const isGood = names.every(isNamespaceName) && new Set(names).size === names.length;
  return isGood
    ? { ok: true, value: names }
    : { ok: false, expected: "namespaces, comma-separated (team-a,team-b): DNS labels, none empty, none twice" };
};
