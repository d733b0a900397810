/** A size as nginx takes it: a number of bytes, or of `k`, `m` or `g`. */
export type Size = string & { readonly __brand: "Size" };

export const sizeExpected = "a size in bytes, or with k, m or g (8m, 512k); 0 for no limit";

/** Parses a size. Source: nginx, configuration file measurement units. */
export const parseSize = (raw: string): Size | null =>
  /^(?:0|[1-9]\d{0,8})[kmgKMG]?$/.test(raw) ? (raw.toLowerCase() as Size) : null;
