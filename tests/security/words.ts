/** What the words of default.conf may be, and how a directive is written down. */

/** Where directives stand. A `map` and a `geo` are contexts of their own, by what they compute. */
export type Context = "http" | "upstream" | "group" | "server" | "foreign" | "location" | "preflight" | "final";

/** A word that must stand so, or one of a form. */
export type Word = string | RegExp;

export interface Form {
  readonly words: readonly Word[];
  /** What its block holds; absent where it has none. */
  readonly opens?: Context | readonly (readonly Word[])[];
}

export const label = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
export const name = `${label}(?:\\.${label})*`;
export const port = "(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
export const upstream = `${label}\\.${label}\\.${port}`;
export const path = "/(?:[\\w\\-.~:@+=]+/)*[\\w\\-.~:@+=]*";
export const ipv4 = "\\d{1,3}(?:\\.\\d{1,3}){3}";
export const ipv6 = "[0-9a-f:.]{2,45}";
export const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

export const anyCidr = whole(`${ipv4}/\\d{1,2}|${ipv6}/\\d{1,3}`);
export const anyDuration = /^[1-9]\d{0,7}(?:ms|s|m|h)$/;
export const anyHost = whole(`(?=.{1,253}$)${name}`);
export const anyPath = whole(`(?=.{1,255}$)${path}`);
// What a value may hold at all: no control character, no quote, no backslash, no variable.
export const anyHeaderValue = /^[ !#%-[\]-~]{0,1024}$/;
export const anyHeaderName = /^[A-Za-z0-9][\w.-]{0,127}$/;
// What nginx says of itself, of the client and of the message's form is not for a Service to say.
export const anyRequestHeader = whole(
  "(?!(?:host|forwarded|connection|upgrade|te|trailer|transfer-encoding|keep-alive|expect|date|content-(?:length|type|encoding)|x-real-ip|x-request-id|x-scheme|x-forwarded-.*|proxy.*)$)[a-z0-9][\\w.-]{0,127}",
);
export const anyResponseHeader = whole(
  "(?!(?:connection|upgrade|te|trailer|transfer-encoding|keep-alive|date|content-(?:length|type|encoding))$)[a-z0-9][\\w.-]{0,127}",
);
export const ignoringCase = (pattern: RegExp): RegExp => new RegExp(pattern.source, "i");
// A host of a URL may hold more than one of a Service: it is only told to the client.
export const anyUrl = /^https?:\/\/[\w\-.~:!&()*+,=%[\]]+\/[\w\-.~:/?@!&()*+,=%[\]]*$/;
export const rateZone = /^hotroute_rps_[1-9]\d{0,6}_10m$/;
export const originVariable = /^\$hotroute_origin_[0-9a-f]{12}$/;

export const once = (...words: readonly Word[]): readonly Form[] => [{ words }];
