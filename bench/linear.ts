import type { Point } from "./growth-plot.ts";

/**
 * What one more Service costs between the first and the last point, by what it costs between the first and the base: 1 is a
 * straight line. The first point, at one Service, is the fixed part.
 *
 * @returns NaN where there is no point at the base
 */
export const excessOverLinear = (points: readonly Point[], base: number): number => {
  const [first, last, middle] = [points[0], points.at(-1), points.find(({ services }) => services === base)];
  if (first === undefined || last === undefined || middle === undefined) return Number.NaN;
  const slope = (end: Point): number => (end.value - first.value) / (end.services - first.services);
  return slope(last) / slope(middle);
};
