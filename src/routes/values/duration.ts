/** A time as nginx takes it: a whole number and `ms`, `s`, `m` or `h`. */
export type Duration = string & { readonly __brand: "Duration" };

export const durationExpected =
  "a time of at least 1ms and at most 24h: a number of seconds (5), or with a unit (500ms, 5s, 2m, 1h)";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const dayMs = 86_400_000;

/** Parses a duration; a bare number is seconds, as in ingress-nginx. */
export const parseDuration = (raw: string): Duration | null => {
  const match = /^(\d{1,8})(ms|s|m|h)?$/.exec(raw);
  if (match === null) return null;
  const unit = match[2] ?? "s";
  const ms = Number(match[1]) * (unitMs[unit] ?? 0);
  return ms >= 1 && ms <= dayMs ? (`${Number(match[1])}${unit}` as Duration) : null;
};
