/** Remembers which verbs the API server refused in which namespaces, and until when they are not asked for again. */
export interface Denials {
  isDenied(verbs: readonly string[], namespace: string, nowMs: number): boolean;
  /** @returns true when it is the first refusal of this verb: the one worth a warning */
  deny(verb: string, namespace: string, nowMs: number): boolean;
  /** After a success; returns whether something had been refused there. */
  allow(verbs: readonly string[], namespace: string): boolean;
  /** When the next of them may be tried again; null when all may be. */
  nextTryAtMs(nowMs: number): number | null;
}

/** Somebody has to change RBAC: asking sooner would only fill the API server's audit log. */
export const denialMs = 10 * 60_000;

export const createDenials = (): Denials => {
  const untilMs = new Map<string, Map<string, number>>();
  return {
    isDenied: (verbs, namespace, nowMs) => verbs.some((verb) => (untilMs.get(verb)?.get(namespace) ?? 0) > nowMs),
    deny: (verb, namespace, nowMs) => {
      const namespaces = untilMs.get(verb) ?? new Map<string, number>();
      untilMs.set(verb, namespaces);
      const isFirst = namespaces.size === 0;
      namespaces.set(namespace, nowMs + denialMs);
      return isFirst;
    },
    allow: (verbs, namespace) => {
      const were = verbs.filter((verb) => untilMs.get(verb)?.delete(namespace));
      return were.length > 0;
    },
    nextTryAtMs: (nowMs) => {
      const waiting = [...untilMs.values()].flatMap((namespaces) => [...namespaces.values()]);
      const future = waiting.filter((atMs) => atMs > nowMs);
      return future.length === 0 ? null : Math.min(...future);
    },
  };
};
