const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `2d3h`, or `2d` where the smaller unit is zero. */
const two = (seconds: number, [large, name]: [number, string], [small, smallName]: [number, string]): string => {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)}${name}${rest === 0 ? "" : `${rest}${smallName}`}`;
};

/** A duration as kubectl prints ages (k8s.io/apimachinery/pkg/util/duration, HumanDuration). */
export const humanDuration = (milliseconds: number): string => {
  const seconds = Math.trunc(milliseconds / 1000);
  // Clocks that differ by less than two seconds are forgiven.
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return two(seconds, [MINUTE, "m"], [1, "s"]);
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return two(seconds, [HOUR, "h"], [MINUTE, "m"]);
  if (seconds < 48 * HOUR) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return two(seconds, [DAY, "d"], [HOUR, "h"]);
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return two(seconds, [YEAR, "y"], [DAY, "d"]);
  return `${Math.floor(seconds / YEAR)}y`;
};
