import { type Key, keys } from "../routes/keys.ts";

/** Keys whose default decides something on each route. */
const ofEveryRoute: readonly Key<unknown>[] = [keys.port, keys.priority];
/** And on those that have a path. */
const ofPaths: readonly Key<unknown>[] = [keys.path, keys.pathType];
/** And on those that are passed on, not answered by nginx itself. */
const ofProxied: readonly Key<unknown>[] = [
  keys.backendProtocol,
  keys.upstreamVhost,
  keys.stripPrefix,
  keys.proxyBodySize,
  keys.proxyConnectTimeout,
  keys.proxyReadTimeout,
  keys.proxySendTimeout,
  keys.proxyBuffering,
];

/** The keys whose defaults a reader of an explanation wants to know; the others change nothing unless they are set. */
export const keysWithDefaults = (route: {
  readonly hasPath: boolean;
  readonly isProxied: boolean;
}): readonly Key<unknown>[] => [
  ...(route.hasPath ? ofPaths : []),
  ...ofEveryRoute,
  ...(route.isProxied ? ofProxied : []),
];

/** `proxy-body-size 1m`: what holds where the key is not set. */
export const describeDefault = ({ name, fallback }: Key<unknown>): string => `${name} ${fallback.replaceAll("`", "")}`;
