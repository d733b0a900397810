import type { Json, JsonObject } from "./json.ts";

/** One reason behind a Status, as `details.causes` shows it. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** What a Status says of a failure. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
interface Failure {
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: Details;
  /** The `continue` of an expired list: how to go on without consistency. */
  readonly continueToken?: string;
}

/** The resource a failure is about: its plural name and API group ("" is core). */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

const detailsJson = (details: Details): JsonObject => ({
  ...(details.name ? { name: details.name } : {}),
  ...(details.group ? { group: details.group } : {}),
  ...(details.kind ? { kind: details.kind } : {}),
  ...(details.uid ? { uid: details.uid } : {}),
  ...(details.causes ? { causes: details.causes.map((cause): Json => ({ ...cause })) } : {}),
  ...(details.retryAfterSeconds ? { retryAfterSeconds: details.retryAfterSeconds } : {}),
});

/** A request that failed: thrown anywhere below the HTTP layer, answered as a Status object. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly retryAfterSeconds: number | undefined;
  /** The Status object that is answered, or carried by a watch's ERROR event. */
  readonly status: JsonObject;
  constructor(failure: Failure) {
    super(failure.message);
    this.code = failure.code;
    this.retryAfterSeconds = failure.details?.retryAfterSeconds;
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: failure.continueToken ? { continue: failure.continueToken } : {},
      status: "Failure",
      message: failure.message,
      ...(failure.reason ? { reason: failure.reason } : {}),
      ...(failure.details ? { details: detailsJson(failure.details) } : {}),
      code: failure.code,
    };
  }
}

/** The Status that answers a deletion which left nothing behind. */
export const successStatus = (resource: ResourceName, name: string, uid: string): JsonObject => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: detailsJson({ name, group: resource.group, kind: resource.plural, uid }),
});

const qualified = ({ group, plural }: ResourceName): string => (group === "" ? plural : `${plural}.${group}`);

export const badRequest = (message: string): ApiError => new ApiError({ code: 400, reason: "BadRequest", message });

export const notFound = (resource: ResourceName, name: string): ApiError =>
  new ApiError({
    code: 404,
    reason: "NotFound",
    message: `${qualified(resource)} "${name}" not found`,
    details: { name, group: resource.group, kind: resource.plural },
  });

/** No such path, as the generic server says it. */
export const noSuchPath = (): ApiError =>
  new ApiError({
    code: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
  });

export const methodNotAllowed = (): ApiError =>
  new ApiError({
    code: 405,
    reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource",
    details: {},
  });

export const alreadyExists = (resource: ResourceName, name: string): ApiError =>
  new ApiError({
    code: 409,
    reason: "AlreadyExists",
    message: `${qualified(resource)} "${name}" already exists`,
    details: { name, group: resource.group, kind: resource.plural },
  });

/** A write that lost against another one, or a precondition that does not hold. */
export const conflict = (resource: ResourceName, name: string, why: string): ApiError =>
  new ApiError({
    code: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    details: { name, group: resource.group, kind: resource.plural },
  });

export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

/** A server-side apply that would take fields from other managers. */
export const applyConflict = (message: string, causes: readonly Cause[]): ApiError =>
  new ApiError({ code: 409, reason: "Conflict", message, details: { causes } });

export const forbidden = (resource: ResourceName, name: string, why: string, causes?: readonly Cause[]): ApiError =>
  new ApiError({
    code: 403,
    reason: "Forbidden",
    message: `${qualified(resource)} "${name}" is forbidden: ${why}`,
    details: { name, group: resource.group, kind: resource.plural, ...(causes ? { causes } : {}) },
  });

export const unauthorized = (): ApiError =>
  new ApiError({ code: 401, reason: "Unauthorized", message: "Unauthorized" });

export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  new ApiError({
    code: 415,
    reason: "UnsupportedMediaType",
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  });

export const notAcceptable = (accepted: readonly string[]): ApiError =>
  new ApiError({
    code: 406,
    reason: "NotAcceptable",
    message: `only the following media types are accepted: ${accepted.join(", ")}`,
  });

export const tooLarge = (limitBytes: number): ApiError =>
  new ApiError({
    code: 413,
    reason: "RequestEntityTooLarge",
    message: `Request entity too large: limit is ${limitBytes}`,
  });

/** A revision that history no longer reaches back to. */
export const expired = (message: string, continueToken?: string): ApiError =>
  new ApiError({ code: 410, reason: "Expired", message, ...(continueToken ? { continueToken } : {}) });

/** A revision that this server has not reached: the client speaks of another server's, or of the future. */
export const revisionTooLarge = (wanted: number, current: number): ApiError =>
  new ApiError({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" }],
      retryAfterSeconds: 1,
    },
  });

export const internalError = (message: string): ApiError => new ApiError({ code: 500, message });

/** The JSON patch does not apply; a real server keeps the reason to itself. */
export const unprocessable = (): ApiError =>
  new ApiError({
    code: 422,
    reason: "Invalid",
    message: "the server rejected our request due to an error in our request",
    details: {},
  });
