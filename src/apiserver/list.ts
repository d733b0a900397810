import type { Api } from "./api.ts";
import { forbiddenField, invalid, unsupportedValue } from "./invalid.ts";
import { type JsonObject, numberAt, objectAt, parseJson, stringAt } from "./json.ts";
import { apiVersionOf, type Resource } from "./resources/resource.ts";
import { parseFieldSelector } from "./selectors/field.ts";
import { parseLabelSelector } from "./selectors/label.ts";
import { ApiError, badRequest, expired, internalError, revisionTooLarge } from "./status.ts";
import type { Stored } from "./store.ts";

/** What a request asks for. */
export interface Selection {
  /** Says whether a stored object is asked for. */
  readonly matches: (stored: JsonObject) => boolean;
  /** Says whether it lies under the keys that a real server would read: the namespace, or the one name. */
  readonly inScope: (item: Stored) => boolean;
}

/** A page of a list, in storage form. */
export interface Page {
  readonly items: readonly Stored[];
  readonly revision: number;
  readonly continueToken: string | null;
  readonly remaining: number | null;
}

/** The namespace, label selector and field selector of a request. @throws ApiError 400 */
export const parseSelection = (
  resource: Resource,
  namespace: string,
  name: string,
  query: URLSearchParams,
): Selection => {
  const matchesLabels = parseLabelSelector(query.get("labelSelector") ?? "");
  const matchesFields = parseFieldSelector(
    query.get("fieldSelector") ?? "",
    resource.selectableFields,
    resource.unsupportedField,
  );
  const matches = (stored: JsonObject): boolean => {
    const metadata = objectAt(stored, "metadata");
    if (namespace !== "" && stringAt(metadata, "namespace") !== namespace) return false;
    if (name !== "" && stringAt(metadata, "name") !== name) return false;
    if (!matchesLabels(objectAt(metadata, "labels"))) return false;
    const view = resource.fromStored(stored);
    return matchesFields.matches((field) => resource.fieldValue(view, field));
  };
  const only = namespace !== "" || !resource.namespaced ? matchesFields.requiredName : null;
  const inScope = (item: Stored): boolean =>
    (namespace === "" || item.namespace === namespace) && (only === null || item.name === only);
  return { matches, inScope };
};

/** A whole number of the query, or null where it is absent. @throws ApiError 400 */
export const integerIn = (query: URLSearchParams, name: string): number | null => {
  const text = query.get(name) ?? "";
  if (text === "") return null;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
};

/** A resourceVersion as a number; null where it is absent. @throws ApiError 400 */
export const parseRevision = (text: string): number | null => {
  if (text === "") return null;
  if (/^\d+$/.test(text)) return Number(text);
  throw internalError(
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
};

interface Token {
  readonly revision: number;
  /** Namespace and name after which the page begins. */
  readonly after: readonly [string, string];
}

/** Ends a key, so that a page begins after it and not at it. */
const KEY_END = "\u0000";

/** -1 goes on from whatever the list is by then. */
const INCONSISTENT = -1;

const encodeToken = ({ revision, after: [namespace, name] }: Token): string =>
  Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${namespace}/${name}${KEY_END}` })).toString(
    "base64url",
  );

const decodeToken = (text: string): Token => {
  let token: unknown;
  try {
    token = parseJson(Buffer.from(text, "base64url").toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw badRequest(`invalid continue token: continue key is not valid: ${why}`);
  }
  const value = isTokenObject(token) ? token : {};
  const start = stringAt(value, "start");
  const [namespace, name] = start.split(KEY_END).join("").split("/");
  if (stringAt(value, "v") !== "meta.k8s.io/v1" || namespace === undefined || name === undefined) {
    throw badRequest(
      "invalid continue token: continue key is not valid: incorrect encoded start key (version meta.k8s.io/v1)",
    );
  }
  return { revision: numberAt(value, "rv") ?? 0, after: [namespace, name] };
};

const isTokenObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null;

const OPTIONS_SUBJECT = { kind: "ListOptions", group: "meta.k8s.io", name: "" };

/** The combinations that the API forbids. @throws ApiError 422 */
const checkMatch = (query: URLSearchParams): void => {
  const match = query.get("resourceVersionMatch") ?? "";
  const revision = query.get("resourceVersion") ?? "";
  const path = "resourceVersionMatch";
  if (match === "") return;
  const causes = [];
  if (revision === "")
    causes.push(forbiddenField(path, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
  if ((query.get("continue") ?? "") !== "") {
    causes.push(forbiddenField(path, "resourceVersionMatch is forbidden when continue is provided"));
  }
  if (match !== "Exact" && match !== "NotOlderThan") {
    causes.push(unsupportedValue(path, match, ["Exact", "NotOlderThan", ""]));
  }
  if (match === "Exact" && revision === "0") {
    causes.push(forbiddenField(path, 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"'));
  }
  if (causes.length > 0) throw invalid(OPTIONS_SUBJECT, causes);
};

/** What follows a key, of items in the order of namespace and name. */
const itemsAfter = (items: readonly Stored[], [namespace, name]: readonly [string, string]): readonly Stored[] => {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    const isAfter =
      item === undefined || item.namespace > namespace || (item.namespace === namespace && item.name > name);
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  return items.slice(low);
};

/** The first so many of those that are asked for. */
const firstOf = (items: readonly Stored[], { matches }: Selection, limit: number): readonly Stored[] => {
  const found: Stored[] = [];
  for (const item of items) {
    if (found.length === limit) break;
    if (matches(item.object)) found.push(item);
  }
  return found;
};

interface Source {
  readonly items: readonly Stored[];
  readonly revision: number;
}

const EXPIRED_TOKEN =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/** All objects at the revision that the first page was taken from. */
const continuedSource = (api: Api, resource: Resource, token: Token): Source => {
  if (token.revision === INCONSISTENT) {
    return { items: itemsAfter(api.store.list(resource.storage), token.after), revision: api.store.revision() };
  }
  try {
    const items = api.store.list(resource.storage, token.revision);
    return { items: itemsAfter(items, token.after), revision: token.revision };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw expired(EXPIRED_TOKEN, encodeToken({ ...token, revision: INCONSISTENT }));
  }
};

const exactSource = (api: Api, resource: Resource, revision: number): Source => {
  try {
    return { items: api.store.list(resource.storage, revision), revision };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw expired("The resourceVersion for the provided list is too old.");
  }
};

const sourceOf = (api: Api, resource: Resource, query: URLSearchParams): Source => {
  const token = query.get("continue") ?? "";
  const text = query.get("resourceVersion") ?? "";
  if (token !== "") {
    if (text !== "" && text !== "0") throw badRequest("specifying resource version is not allowed when using continue");
    return continuedSource(api, resource, decodeToken(token));
  }
  const revision = parseRevision(text);
  if (revision !== null && revision > api.store.revision()) throw revisionTooLarge(revision, api.store.revision());
  const exact = query.get("resourceVersionMatch") === "Exact";
  if (revision !== null && exact) return exactSource(api, resource, revision);
  return { items: api.store.list(resource.storage), revision: api.store.revision() };
};

/** Reads one page. @throws ApiError 400, 410, 422, 504 */
export const listPage = (api: Api, resource: Resource, query: URLSearchParams, selection: Selection): Page => {
  checkMatch(query);
  const limit = integerIn(query, "limit") ?? 0;
  const { items, revision } = sourceOf(api, resource, query);
  // resourceVersion=0 asks for whatever is at hand, which is everything: a real server's cache ignores the limit too.
  const cached = query.get("resourceVersion") === "0" && (query.get("continue") ?? "") === "";
  const isPaged = limit > 0 && !cached;
  const page = firstOf(items, selection, isPaged ? limit : Number.POSITIVE_INFINITY);
  const last = page.at(-1);
  // What follows the page is looked at without the selectors: the next page may turn out to be empty.
  const rest = last === undefined ? [] : itemsAfter(items, [last.namespace, last.name]).filter(selection.inScope);
  if (!isPaged || page.length < limit || rest.length === 0) {
    return { items: page, revision, continueToken: null, remaining: null };
  }
  const hasSelector = [query.get("labelSelector"), query.get("fieldSelector")].some((one) => (one ?? "") !== "");
  return {
    items: page,
    revision,
    continueToken: last === undefined ? null : encodeToken({ revision, after: [last.namespace, last.name] }),
    // How many are left is not counted where a selector decides.
    remaining: hasSelector ? null : rest.length,
  };
};

/** ListMeta of a page. */
export const listMetadata = (page: Page): JsonObject => ({
  resourceVersion: String(page.revision),
  ...(page.continueToken === null ? {} : { continue: page.continueToken }),
  ...(page.remaining === null ? {} : { remainingItemCount: page.remaining }),
});

/** The list object of a page; its items carry no kind of their own. */
export const listObject = (resource: Resource, page: Page): JsonObject => ({
  kind: `${resource.kind}List`,
  apiVersion: apiVersionOf(resource),
  metadata: listMetadata(page),
  items: page.items.map(({ object }) => resource.fromStored(object)),
});
