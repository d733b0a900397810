import { invalid, invalidValue, unsupportedValue } from "./invalid.ts";

/** What the query of a write says beyond its body. */
export interface WriteOptions {
  /** Everything is done except storing. */
  readonly dryRun: boolean;
  /** Who writes, for managedFields. */
  readonly manager: string;
  /** Members that the type does not have: refused, warned of, or dropped in silence. */
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  /** Server-side apply takes fields from other managers. */
  readonly force: boolean;
  /** Told what the client should hear of as a Warning header. */
  readonly warn: (text: string) => void;
}

/** The name a client gives itself: the User-Agent up to the first slash, as a manager of fields. */
const managerOf = (fieldManager: string, userAgent: string): string => {
  if (fieldManager !== "") return fieldManager;
  const [name = ""] = userAgent.split("/");
  return name.replace(/[^\x20-\x7e]/g, "").slice(0, 128) || "unknown";
};

/**
 * Reads the query of a create, update or patch.
 * @param kind the options' kind for errors, such as "PatchOptions"
 * @throws ApiError 422 where a parameter has no such value
 */
export const parseWriteOptions = (
  query: URLSearchParams,
  userAgent: string,
  kind: string,
  warn: (text: string) => void,
): WriteOptions => {
  const subject = { kind, group: "meta.k8s.io", name: "" };
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All")) {
    throw invalid(subject, [unsupportedValue("dryRun", dryRun, ["All"])]);
  }
  const fieldManager = query.get("fieldManager") ?? "";
  const strange = [...fieldManager].findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character));
  if (strange >= 0) {
    const code = fieldManager.codePointAt(strange)?.toString(16).toUpperCase().padStart(4, "0");
    const why = `invalid character U+${code} (at position ${strange})`;
    throw invalid(subject, [invalidValue("fieldManager", fieldManager, why)]);
  }
  if (fieldManager.length > 128) {
    throw invalid(subject, [invalidValue("fieldManager", fieldManager, "may not be more than 128 characters")]);
  }
  const validation = query.get("fieldValidation") ?? "";
  if (validation !== "" && validation !== "Strict" && validation !== "Warn" && validation !== "Ignore") {
    throw invalid(subject, [unsupportedValue("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"])]);
  }
  return {
    dryRun: dryRun.length > 0,
    manager: managerOf(fieldManager, userAgent),
    fieldValidation: validation === "" ? "Warn" : validation,
    force: query.get("force") === "true" || query.get("force") === "1",
    warn,
  };
};
