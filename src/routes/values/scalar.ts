export const booleanExpected = "true or false";

export const parseBoolean = (raw: string): boolean | null => (raw === "true" ? true : raw === "false" ? false : null);

export const priorityExpected = "a whole number from -1000000 to 1000000";

/** Parses a priority: higher wins a conflict. */
export const parsePriority = (raw: string): number | null => {
  if (!/^-?\d{1,7}$/.test(raw)) return null;
  const value = Number(raw);
  // `-0` would compare equal to 0 but is another value in a map key.
  return Math.abs(value) <= 1_000_000 ? value + 0 : null;
};
