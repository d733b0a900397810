/**
 * `status.json`, which the reloader writes into the run volume and the generator reads.
 * What the nginx container writes is hostile input to the generator: it is parsed, not believed.
 */

/** Where `nginx -t` saw the fault: a file's base name in the configuration directory, and its line (from 1). */
export interface StatusLocation {
  readonly file: string;
  readonly line: number;
}

/**
 * - `pending`: the wanted revision is being settled, tested or verified
 * - `applied`: nginx serves the wanted revision, and no older worker accepts connections
 * - `rejected`: `nginx -t` refused the wanted revision, the live one stands
 * - `unverified`: nginx was not seen to serve the wanted revision in time, the live one stands
 */
export type StatusState = "pending" | "applied" | "rejected" | "unverified";

/** Who rejected a revision: nginx found fault with it; the reloader, by a deadline or a guard of its own, did not let it. */
export type RefusedBy = "nginx" | "reloader";

/** Version 1 of the file. Times are milliseconds of the latest attempt, null where that phase was not reached. */
export interface ReloaderStatus {
  readonly version: 1;
  /** SHA-256 (hex) of each configuration file by its base name, as the wanted revision has them. */
  readonly files: Readonly<Record<string, string>>;
  readonly wanted: string | null;
  readonly live: string | null;
  /** The same of the live revision; empty where none is live. */
  readonly liveFiles: Readonly<Record<string, string>>;
  readonly state: StatusState;
  /** Null unless the state is `rejected`. */
  readonly refusedBy: RefusedBy | null;
  /** What nginx or the reloader said of the wanted revision; empty when there is nothing to say. At most 4 KiB. */
  readonly message: string;
  readonly at: StatusLocation | null;
  readonly testedMs: number | null;
  readonly firstMs: number | null;
  readonly settledMs: number | null;
  readonly attempts: number;
  /** RFC 3339: since when the state holds. */
  readonly since: string;
}

/** A larger file is not read: 4 KiB of message, and room for a thousand file names of 255 bytes, wanted and live. */
export const statusMaxBytes = 768 * 1024;
export const statusMessageMaxBytes = 4096;

const isHex = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isHexOrNull = (value: unknown): value is string | null => value === null || isHex(value);
const isMs = (value: unknown): value is number | null =>
  value === null || (typeof value === "number" && Number.isFinite(value) && value >= 0);
const isState = (value: unknown): value is StatusState =>
  value === "pending" || value === "applied" || value === "rejected" || value === "unverified";
const isRefusedBy = (value: unknown): value is RefusedBy | null =>
  value === null || value === "nginx" || value === "reloader";
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isFileName = (value: string): boolean => /^[^/\0]{1,255}$/.test(value);

const parseLocation = (value: unknown): StatusLocation | null | undefined => {
  if (value === null) return null;
  if (!isRecord(value)) return undefined;
  const { file, line } = value;
  if (typeof file !== "string" || !isFileName(file)) return undefined;
  if (typeof line !== "number" || !Number.isSafeInteger(line) || line < 1) return undefined;
  return { file, line };
};

const parseFiles = (value: unknown): Readonly<Record<string, string>> | undefined => {
  if (!isRecord(value)) return undefined;
  const files: Record<string, string> = Object.create(null);
  for (const [name, hash] of Object.entries(value)) {
    if (!isFileName(name) || !isHex(hash)) return undefined;
    files[name] = hash;
  }
  return files;
};

/**
 * Parses `status.json`.
 *
 * @returns the status, or null when the text is not one (too long, no JSON, another version, a field of another type);
 * never throws
 */
export const parseStatus = (text: string): ReloaderStatus | null => {
  if (text.length > statusMaxBytes) return null;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(raw) || raw.version !== 1) return null;
  const files = parseFiles(raw.files);
  // Not there before they were thought of.
  const refusedBy = raw.refusedBy ?? null;
  const liveFiles = raw.liveFiles === undefined ? {} : parseFiles(raw.liveFiles);
  const at = parseLocation(raw.at);
  const { wanted, live, state, message, testedMs, firstMs, settledMs, attempts, since } = raw;
  if (files === undefined || liveFiles === undefined || at === undefined) return null;
  if (!isHexOrNull(wanted) || !isHexOrNull(live) || !isState(state) || !isRefusedBy(refusedBy)) return null;
  if (typeof message !== "string" || Buffer.byteLength(message) > statusMessageMaxBytes) return null;
  if (!isMs(testedMs) || !isMs(firstMs) || !isMs(settledMs)) return null;
  if (typeof attempts !== "number" || !Number.isSafeInteger(attempts) || attempts < 0) return null;
  if (typeof since !== "string" || Number.isNaN(Date.parse(since))) return null;
  return {
    version: 1,
    files,
    wanted,
    live,
    liveFiles,
    state,
    refusedBy,
    message,
    at,
    testedMs,
    firstMs,
    settledMs,
    attempts,
    since,
  };
};
