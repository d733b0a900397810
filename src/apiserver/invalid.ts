import { ApiError, type Cause } from "./status.ts";

/** A Go value as `%#v` prints it in a field error. */
const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[]string{${value.map((item) => JSON.stringify(item)).join(", ")}}`;
  if (value === null || value === undefined) return "null";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

/** Field errors, worded like k8s.io/apimachinery/pkg/util/validation/field. */
export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${shown(value)}: ${why}`,
  field,
});

export const requiredValue = (field: string, why = ""): Cause => ({
  reason: "FieldValueRequired",
  message: why === "" ? "Required value" : `Required value: ${why}`,
  field,
});

export const duplicateValue = (field: string, value: unknown): Cause => ({
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${shown(value)}`,
  field,
});

export const unsupportedValue = (field: string, value: unknown, supported: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map((one) => `"${one}"`).join(", ")}`,
  field,
});

export const forbiddenField = (field: string, why: string): Cause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${why}`,
  field,
});

export const tooLong = (field: string, limitBytes: number): Cause => ({
  reason: "FieldValueTooLong",
  message: `Too long: must have at most ${limitBytes} bytes`,
  field,
});

/** What could not be accepted: a kind, "Kind" of core or "Kind.group", and the object's name. */
export interface InvalidSubject {
  readonly kind: string;
  readonly group: string;
  readonly name: string;
}

/** 422 with every field error. */
export const invalid = (subject: InvalidSubject, causes: readonly Cause[]): ApiError => {
  // Two identical errors are one in the message and two in the causes: an aggregate drops repetitions when printed.
  const lines = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const kind = subject.group === "" ? subject.kind : `${subject.kind}.${subject.group}`;
  const text = lines.length === 1 ? lines.join("") : `[${lines.join(", ")}]`;
  return new ApiError({
    code: 422,
    reason: "Invalid",
    message: `${kind} "${subject.name}" is invalid: ${text}`,
    details: { name: subject.name, group: subject.group, kind: subject.kind, causes },
  });
};
