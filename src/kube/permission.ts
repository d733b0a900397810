import type { KubeFailure } from "./failure.ts";
import type { ReflectorState } from "./reflection.ts";

type Forbidden = Extract<KubeFailure, { kind: "forbidden" }>;

/** A change of what RBAC allows. */
export type PermissionChange =
  | { readonly kind: "forbidden"; readonly failure: Forbidden; readonly grant: string }
  | { readonly kind: "allowed" };

/** What RBAC allows in each namespace, as the answers tell, so that it is said once and not with each retry. */
export interface PermissionLog {
  /** Namespaces (all of them count as one) in which something is refused now. */
  readonly forbiddenCount: number;
  /**
   * Takes a reflector's state.
   *
   * @param namespace null: all of them
   * @returns what this state changed; null when nothing
   */
  observe(state: ReflectorState, namespace: string | null): PermissionChange | null;
}

/** What to grant: a reflector always needs both verbs. */
const grantFor = (resource: string, namespace: string | null): string =>
  namespace === null
    ? `a ClusterRole with list and watch on ${resource}, and a ClusterRoleBinding`
    : `a Role with list and watch on ${resource}, and a RoleBinding, in namespace ${namespace}`;

export const createPermissionLog = (): PermissionLog => {
  const refusedVerbs = new Map<string | null, string>();
  return {
    get forbiddenCount() {
      return refusedVerbs.size;
    },
    observe: (state, namespace) => {
      // Only an open watch shows that both verbs are allowed.
      if (state.kind === "watching") return refusedVerbs.delete(namespace) ? { kind: "allowed" } : null;
      if (state.kind !== "backing-off" || state.failure.kind !== "forbidden") return null;
      const { failure } = state;
      const { verb, resource } = failure.denied;
      if (refusedVerbs.get(namespace) === verb) return null;
      refusedVerbs.set(namespace, verb);
      return { kind: "forbidden", failure, grant: grantFor(resource, namespace) };
    },
  };
};
