import { parseBody } from "../body.ts";
import { ACCESS_REVIEWS } from "../discovery.ts";
import { isObject, type Json, type JsonObject, objectAt } from "../json.ts";
import { badRequest, methodNotAllowed } from "../status.ts";
import { type Exchange, readBody, sendObject } from "./exchange.ts";

/** Whoever may speak to this server may do everything. */
const EVERYTHING: JsonObject = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  incomplete: false,
};

/** The review that a path is about, or undefined. */
export const findReview = (path: string): (typeof ACCESS_REVIEWS)[number] | undefined =>
  ACCESS_REVIEWS.find(({ group, version, plural }) => path === `/apis/${group}/${version}/${plural}`);

/** Answers `kubectl auth can-i`. @throws ApiError */
export const handleReview = async (
  exchange: Exchange,
  review: (typeof ACCESS_REVIEWS)[number],
  maxBodyBytes: number,
): Promise<void> => {
  if (exchange.method !== "POST") throw methodNotAllowed();
  let value: Json;
  try {
    ({ value } = parseBody(await readBody(exchange, maxBodyBytes), review.schema));
  } catch (error) {
    throw error instanceof SyntaxError ? badRequest(error.message) : error;
  }
  if (!isObject(value)) throw badRequest("the review is no object");
  const answer = {
    kind: review.kind,
    apiVersion: `${review.group}/${review.version}`,
    metadata: { creationTimestamp: null },
    spec: objectAt(value, "spec"),
    status: review.plural === "selfsubjectaccessreviews" ? { allowed: true } : EVERYTHING,
  };
  sendObject(exchange, 201, answer, false);
};
