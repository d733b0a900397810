import { badRequest } from "../status.ts";

export interface FieldSelector {
  /** Says whether an object is selected, given the value of each selectable field. */
  readonly matches: (fieldOf: (field: string) => string) => boolean;
  /** The one name that is asked for, or null. */
  readonly requiredName: string | null;
}

/** Splits at commas that no backslash escapes. */
const splitTerms = (text: string): readonly string[] => text.match(/(?:[^,\\]|\\.?)+/g) ?? [];

const unescaped = (value: string): string => {
  if (/(^|[^\\])(\\\\)*\\([^\\,=]|$)/.test(value) || /(^|[^\\])(\\\\)*=/.test(value)) {
    throw badRequest(`invalid field selector: invalid escape sequence or unescaped special character: ${value}`);
  }
  return value.replace(/\\([\\,=])/g, "$1");
};

interface Term {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

const parseTerm = (term: string): Term => {
  const match = /^([^=!]*?)(!=|==|=)(.*)$/s.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, field = "", operator, value = ""] = match;
  return { field, equal: operator !== "!=", value: unescaped(value) };
};

/**
 * Parses a field selector: `field=value`, `field==value`, `field!=value`, joined by commas.
 * @param unsupported what to say of a field that is none of `fields`
 * @throws ApiError 400
 */
export const parseFieldSelector = (
  text: string,
  fields: readonly string[],
  unsupported: (field: string) => string,
): FieldSelector => {
  const terms = splitTerms(text).map(parseTerm);
  for (const { field } of terms) if (!fields.includes(field)) throw badRequest(unsupported(field));
  return {
    matches: (fieldOf) => terms.every(({ field, equal, value }) => (fieldOf(field) === value) === equal),
    requiredName: terms.find(({ field, equal }) => field === "metadata.name" && equal)?.value ?? null,
  };
};
