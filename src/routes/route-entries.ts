import { keys } from "./keys.ts";
import type { ProblemList } from "./problem-list.ts";
import type { RawValue } from "./route-settings.ts";
import { isRecord, type RouteList } from "./values/route-list.ts";

/** Keys that belong to the Service as a whole. */
const ofService: ReadonlySet<string> = new Set([keys.class.name, keys.routes.name, "expose"]);

/** Keys that say where an entry is mounted. */
const ofPlace: ReadonlySet<string> = new Set([keys.host.name, keys.path.name, keys.pathType.name]);

/** A value of an entry in the form that an annotation has; null where it has none. */
const asText = (value: unknown): string | null => {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) {
    const elements = value.map(asText);
    return elements.includes(null) ? null : elements.join(",");
  }
  return isRecord(value) ? JSON.stringify(value) : null;
};

/** The values of an entry; `isGood` is false when one of them is none, or belongs to the Service: then it is refused. */
export interface RouteEntry {
  readonly raw: ReadonlyMap<string, RawValue>;
  readonly isGood: boolean;
}

/** The values of each entry of `routes`: what it says itself, and what the Service says for all of them. */
export const readEntries = (
  list: RouteList,
  ofAll: ReadonlyMap<string, RawValue>,
  problems: ProblemList,
): readonly RouteEntry[] =>
  list.map((entry, index) => {
    const raw = new Map(ofAll);
    let isGood = true;
    for (const [name, value] of Object.entries(entry)) {
      const at = `${keys.routes.name}[${index}].${name}`;
      const text = asText(value);
      if (text !== null && !ofService.has(name)) {
        raw.set(name, { value: text, at });
        continue;
      }
      const expected =
        text === null ? "a text, a number, true, false, or a list of these" : "this key on the Service itself";
      problems.report("InvalidValue", at, text, `expected ${expected}`);
      // Where it is mounted is not known, or what guards it: then the Service's own value must not stand in for it.
      if (ofPlace.has(name)) raw.set(name, { value: "", at });
      isGood = false;
    }
    return { raw, isGood };
  });
