import type { KubeFailure } from "../../kube/failure.ts";
import type { Delivery } from "./deliver.ts";
import type { PostKind } from "./queue.ts";

/**
 * What a failed post is followed by.
 * - `retry`: the API server, or the way to it, was at fault; `retry-counted`: this one Event may have been
 * - `denied`: RBAC (or a quota) has to be changed first
 * - `drop`: it will never be taken
 */
export type Aftermath = "retry" | "retry-counted" | "denied" | "drop" | "stop";

export const aftermath = (failure: KubeFailure): Aftermath => {
  switch (failure.kind) {
    case "forbidden":
      // The admission of a namespace that is being deleted answers 403 too.
      return failure.message.includes("is being terminated") ? "drop" : "denied";
    case "network":
    case "timeout":
    case "credentials":
    case "unauthorized":
    case "tooManyRequests":
      return "retry";
    case "server":
    case "malformed":
    case "tooLarge":
    case "conflict":
      return "retry-counted";
    case "notFound":
    case "invalid":
    case "gone":
      return "drop";
    case "aborted":
      return "stop";
  }
};

/** What the API server was seen to allow. */
export const provenVerbs = (delivered: Exclude<Delivery["kind"], "failed">, kind: PostKind): readonly string[] => {
  switch (delivered) {
    case "created":
      return ["create"];
    case "exists":
      return kind === "appeared" ? ["create"] : ["get"];
    case "series":
      return ["get", "patch"];
  }
};
