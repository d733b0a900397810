/** What a set of measurements comes to. All in the unit of the measurements. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** The value that so many of a hundred do not exceed: the nearest rank, so it is always one that was measured. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
};

/** The middle value, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (!Number.isInteger(middle)) return sorted[Math.floor(middle)] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

export const summarize = (values: readonly number[]): Summary => ({
  count: values.length,
  median: median(values),
  p5: percentile(values, 5),
  p95: percentile(values, 95),
  p99: percentile(values, 99),
  min: Math.min(...values),
  max: Math.max(...values),
});
