/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value as an object, or null when it is none. */
export const jsonObject = (value: unknown): JsonObject | null => (isObject(value) ? value : null);

/** The value as a text, or the empty text when it is none. */
export const jsonText = (value: unknown): string => (typeof value === "string" ? value : "");
