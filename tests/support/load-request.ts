import { createHash } from "node:crypto";

/** What a client of a load asks, again and again. */
export interface LoadRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Null for a GET. */
  readonly body: Buffer | null;
  /** What a whole answer holds. */
  readonly wanted: string;
}

/** What the load's backend answers: the digest of the body that it was sent. */
export const answerTo = (body: Buffer): string => createHash("sha256").update(body).digest("hex");

export const getRequest: LoadRequest = { method: "GET", path: "/", body: null, wanted: answerTo(Buffer.alloc(0)) };

/** A POST whose answer proves that every byte of its body arrived. */
export const postRequest = (sizeBytes: number): LoadRequest => {
  const body = Buffer.alloc(sizeBytes, "hotroute ");
  return { method: "POST", path: "/", body, wanted: answerTo(body) };
};
