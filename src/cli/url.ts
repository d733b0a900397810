import { domainToASCII } from "node:url";
import { normaliseHost, normalisePath, type RouteRequest } from "../routes/request.ts";

/** A URL as it was typed, and the request that it stands for. */
export type RequestedUrl =
  | { readonly kind: "request"; readonly request: RouteRequest; readonly shown: string }
  /** nginx answers 400. */
  | { readonly kind: "bad-request"; readonly shown: string }
  | { readonly kind: "no-url"; readonly message: string };

const expected = "expected an http or https URL, perhaps without its scheme (shop.example.com/cart)";

/**
 * Reads what a person types for a URL. It is not normalised as browsers do it: what `curl --path-as-is` would send is what
 * nginx is asked here.
 */
export const readUrl = (raw: string): RequestedUrl => {
  const match = /^(?:(?<scheme>[a-z][a-z0-9+.-]*):\/\/)?(?<authority>[^/?#]*)(?<path>[^?#]*)/i.exec(raw);
  const { scheme = "http", authority = "", path = "" } = match?.groups ?? {};
  if (/[\s\p{Cc}]/u.test(raw) || !/^https?$/i.test(scheme) || authority === "" || authority.includes("@")) {
    return { kind: "no-url", message: expected };
  }
  if (!/^(?:\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.test(authority)) return { kind: "no-url", message: expected };
  const [, name = "", port = ""] = /^(.*?)(:\d+)?$/.exec(authority) ?? [];
  // People write names in their own letters; on the wire they are ASCII.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is meant, all of it.
  const host = /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name);
  const shown = `${host}${port}${path === "" ? "/" : path}`;
  if (host === "" || host.includes("..")) return { kind: "bad-request", shown };
  const normalised = normalisePath(Buffer.from(path === "" ? "/" : path).toString("latin1"));
  if (normalised === null) return { kind: "bad-request", shown };
  return { kind: "request", shown, request: { host: normaliseHost(host), path: normalised } };
};
