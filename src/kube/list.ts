import type { KubeClient, KubeQuery } from "./client.ts";
import type { KubeFailure } from "./failure.ts";
import { jsonObject, jsonText } from "./json.ts";
import { readIdentity } from "./object-meta.ts";
import type { Entry } from "./store.ts";

/** What to list. */
export interface ListRequest<T> {
  readonly client: KubeClient;
  readonly path: string;
  readonly labelSelector: string | undefined;
  readonly pageSize: number;
  readonly slim: (object: unknown) => T | null;
  readonly signal: AbortSignal;
}

/** A complete list and the resourceVersion that it shows, or why there is none. */
export type ListOutcome<T> =
  | { readonly ok: true; readonly entries: ReadonlyMap<string, Entry<T>>; readonly resourceVersion: string }
  | { readonly ok: false; readonly failure: KubeFailure };

type Page =
  | {
      readonly ok: true;
      readonly items: readonly unknown[];
      readonly resourceVersion: string;
      readonly next: string | undefined;
    }
  | { readonly ok: false; readonly failure: KubeFailure };

const malformed = (message: string): Page => ({ ok: false, failure: { kind: "malformed", message } });

const readPage = (body: unknown): Page => {
  const list = jsonObject(body);
  const metadata = jsonObject(list?.metadata);
  const resourceVersion = jsonText(metadata?.resourceVersion);
  if (list === null || resourceVersion === "") return malformed("a list without a resourceVersion");
  // Go marshals an empty list as null in places.
  const items = list.items === null ? [] : list.items;
  if (!Array.isArray(items)) return malformed("a list without items");
  return { ok: true, items, resourceVersion, next: jsonText(metadata?.continue) || undefined };
};

const fetchPage = async <T>(request: ListRequest<T>, limit: number, next: string | undefined): Promise<Page> => {
  // Without a resourceVersion the list is read from etcd by quorum: the newest state, and paged (a list at "0" is not).
  const query: KubeQuery = { labelSelector: request.labelSelector, limit: String(limit), continue: next };
  const result = await request.client.request({ method: "GET", path: request.path, query, signal: request.signal });
  return result.ok ? readPage(result.body) : result;
};

/** Keeps what `slim` makes of a page, so that the page itself can be let go before the next is asked for. */
const keepPage = <T>(page: readonly unknown[], slim: ListRequest<T>["slim"], into: Map<string, Entry<T>>): boolean => {
  for (const item of page) {
    const identity = readIdentity(item);
    if (identity === null) return false;
    const value = slim(item);
    if (value !== null) into.set(identity.key, { value, resourceVersion: identity.resourceVersion });
  }
  return true;
};

/**
 * Lists everything, page by page, all pages from one moment. A page over the client's body cap is asked for again with
 * half the objects. A 410 (the moment was compacted away between two pages) fails the list: it must begin anew.
 */
export const listAll = async <T>(request: ListRequest<T>): Promise<ListOutcome<T>> => {
  const entries = new Map<string, Entry<T>>();
  let limit = request.pageSize;
  let next: string | undefined;
  for (;;) {
    const page = await fetchPage(request, limit, next);
    if (!page.ok && page.failure.kind === "tooLarge" && limit > 1) {
      limit = Math.floor(limit / 2);
      continue;
    }
    if (!page.ok) return page;
    if (!keepPage(page.items, request.slim, entries)) {
      return { ok: false, failure: { kind: "malformed", message: "a list with an object without name or version" } };
    }
    if (page.next === undefined) return { ok: true, entries, resourceVersion: page.resourceVersion };
    if (page.next === next && page.items.length === 0) {
      return { ok: false, failure: { kind: "malformed", message: "a list whose pages do not end" } };
    }
    next = page.next;
  }
};
