import type { KubeFailure } from "./failure.ts";

const MAX_CHARACTERS = 300;

/** One line of at most 300 characters: what a server said may be long, many lines, or a page of HTML. */
export const oneLine = (text: string): string => {
  const flat = text
    .slice(0, 4 * MAX_CHARACTERS)
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return flat.length > MAX_CHARACTERS ? `${flat.slice(0, MAX_CHARACTERS)}…` : flat;
};

/** A failure as one line for a person: what happened and, where that is known, what to do. */
export const describeFailure = (failure: KubeFailure): string => {
  switch (failure.kind) {
    case "forbidden": {
      const { verb, resource, namespace } = failure.denied;
      const scope = namespace === null ? "in all namespaces" : `in namespace ${namespace}`;
      return `not allowed to ${verb} ${resource} ${scope}: grant it with RBAC (${failure.message})`;
    }
    case "unauthorized":
      return `the API server does not accept the credentials: ${failure.message}`;
    case "credentials":
      return `no credentials: ${failure.message}`;
    case "gone":
      return `the resource version is too old: ${failure.message}`;
    case "tooManyRequests":
      return `the API server asks to slow down: ${failure.message}`;
    case "server":
      return `the API server failed with status ${failure.status}: ${failure.message}`;
    case "notFound":
    case "conflict":
    case "invalid":
      return `the API server refused with status ${failure.status}: ${failure.message}`;
    case "network":
      return `the API server cannot be reached: ${failure.message}`;
    case "timeout":
      return `the API server is silent: ${failure.message}`;
    case "malformed":
      return `the answer is not what the Kubernetes API promises: ${failure.message}`;
    case "tooLarge":
      return `the answer is too large: ${failure.message}`;
    case "aborted":
      return "aborted";
  }
};
