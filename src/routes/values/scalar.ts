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

export const countExpected = "a whole number from 1 to 1000000";

/** Parses a number of things: a limit. */
export const parseCount = (raw: string): number | null => {
  const value = /^[1-9]\d{0,6}$/.test(raw) ? Number(raw) : 0;
  return value >= 1 && value <= 1_000_000 ? value : null;
};

export const connectionsExpected = "a whole number from 1 to 65535";

/** Parses a number of connections; nginx takes no larger one. */
export const parseConnections = (raw: string): number | null => {
  const value = parseCount(raw);
  return value !== null && value <= 65_535 ? value : null;
};

export const secondsExpected = "a whole number of seconds from 0 to 31536000";

export const parseSeconds = (raw: string): number | null => {
  const value = /^(?:0|[1-9]\d{0,7})$/.test(raw) ? Number(raw) : Number.NaN;
  return value <= 31_536_000 ? value : null;
};

/** What a Service speaks behind its port. */
export type BackendProtocol = "HTTP" | "HTTPS" | "GRPC" | "GRPCS";

const protocols: readonly BackendProtocol[] = ["HTTP", "HTTPS", "GRPC", "GRPCS"];

export const protocolExpected = "HTTP, HTTPS, GRPC or GRPCS";

export const parseBackendProtocol = (raw: string): BackendProtocol | null =>
  protocols.find((protocol) => protocol === raw) ?? null;
