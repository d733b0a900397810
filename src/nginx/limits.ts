import type { RouteBehaviour } from "../routes/behaviour.ts";

/** The zones that hold who asked how often. Their names say what they hold, since nginx refuses one that changes. */
const zoneSize = "10m";
const rateZone = (rps: number): string => `hotroute_rps_${rps}_${zoneSize}`;
const connectionZone = `hotroute_connections_${zoneSize}`;
// One count for each client on each route.
const limitKey = '"$hotroute_route $binary_remote_addr"';

/** The zones that these routes need, each once: http-level directives. Source: ngx_http_limit_req_module. */
export const limitZones = (behaviours: Iterable<RouteBehaviour>): readonly string[] => {
  const rates = new Set<number>();
  let hasConnections = false;
  for (const { limitRps, limitConnections } of behaviours) {
    if (limitRps !== null) rates.add(limitRps);
    if (limitConnections !== null) hasConnections = true;
  }
  return [
    ...[...rates]
      .sort((a, b) => a - b)
      .map((rps) => `limit_req_zone ${limitKey} zone=${rateZone(rps)}:${zoneSize} rate=${rps}r/s;`),
    ...(hasConnections ? [`limit_conn_zone ${limitKey} zone=${connectionZone}:${zoneSize};`] : []),
  ];
};

/**
 * The directives of a location with limits.
 *
 * @param route what tells this route from others: parts that hold no quote and no dollar sign
 */
export const limitDirectives = ({ limitRps, limitConnections }: RouteBehaviour, route: string): readonly string[] => {
  if (limitRps === null && limitConnections === null) return [];
  return [
    `set $hotroute_route "${route}";`,
    ...(limitRps === null
      ? []
      : [`limit_req zone=${rateZone(limitRps)} burst=${5 * limitRps} nodelay;`, "limit_req_status 429;"]),
    ...(limitConnections === null
      ? []
      : [`limit_conn ${connectionZone} ${limitConnections};`, "limit_conn_status 429;"]),
  ];
};
