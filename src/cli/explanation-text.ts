import type { Explanation } from "../routes/explain.ts";
import { settingsOfRoute } from "../routes/explain-settings.ts";
import { keyStanding, keys } from "../routes/keys.ts";
import type { ParseOptions } from "../routes/parse.ts";
import { showValue } from "../routes/problem.ts";
import type { RouteRequest } from "../routes/request.ts";
import { describeMatch, type Route } from "../routes/route.ts";
import { serviceKey } from "../routes/service.ts";
import { describeFinding } from "./finding.ts";
import { placeOfClaim, placeOfKey } from "./judge.ts";
import { describeDefault, keysWithDefaults } from "./key-defaults.ts";
import { describePlace, type Place } from "./place.ts";
import type { Prepared } from "./prepare.ts";

/** A line of the explanation: what it is about, what it says, and where that stands. */
interface Row {
  readonly topic: string;
  readonly text: string;
  readonly place: Place | null;
}

const shownRoutes = 8;
/** Past this a text pushes its own place to the right, not everybody's. */
const widestText = 72;

const layOut = (rows: readonly Row[]): string => {
  const topicWidth = Math.max(...rows.map(({ topic }) => topic.length));
  const placed = rows.filter(({ place, text }) => place !== null && text.length <= widestText);
  const textWidth = Math.max(0, ...placed.map(({ text }) => text.length));
  return rows
    .map(({ topic, text, place }, index) => {
      const shown = rows[index - 1]?.topic === topic ? "" : topic;
      const line = `  ${shown.padEnd(topicWidth)}  ${place === null ? text : text.padEnd(textWidth)}`;
      return `${line}${place === null ? "" : `  ${describePlace(place)}`}\n`;
    })
    .join("");
};

const headline = ({ upstream, behaviour, service }: Route): string => {
  const name = `Service ${serviceKey(service)}`;
  if (upstream === null) return `nginx answers 503: ${name} holds this route, but is refused; see its problems`;
  const { answer } = behaviour;
  if (answer === null) return `${name} answers`;
  switch (answer.kind) {
    case "redirect":
      return `nginx answers ${answer.status}, to ${answer.url}: ${name} redirects`;
    case "maintenance":
      return `nginx answers 503: ${name} is in maintenance`;
  }
};

/** The defaults that decide something for a route, several to a line. */
const defaultRows = (winner: Route, isSet: (name: string) => boolean): readonly Row[] => {
  const isProxied = winner.upstream !== null && winner.behaviour.answer === null;
  const texts = keysWithDefaults({ hasPath: winner.match.kind === "path", isProxied })
    .filter(({ name }) => !isSet(name))
    .map(describeDefault);
  const lines: string[] = [];
  for (const text of texts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + text.length < widestText) lines[lines.length - 1] = `${line} · ${text}`;
    else lines.push(text);
  }
  return lines.map((text) => ({ topic: "defaults", text, place: null }));
};

const settingRows = (winner: Route, { loaded }: Prepared, options: ParseOptions): readonly Row[] => {
  const service = loaded.services.find((candidate) => serviceKey(candidate) === serviceKey(winner.service));
  const set = service === undefined ? new Map<string, never>() : settingsOfRoute(service, winner, options);
  const rows = [...set]
    .filter(([name, { value }]) => !options.selectorKeys.has(name) && keyStanding(name, value).kind === "available")
    .map(([, { at, value }]) => ({
      topic: "settings",
      text: `${options.keyPrefix}${at}: ${showValue(value.replace(/\s+/g, " ").trim())}`,
      place: placeOfKey(loaded, winner.service, `${options.keyPrefix}${at}`),
    }));
  return [...rows, ...defaultRows(winner, (name) => set.has(name))];
};

/** The routes that stand behind the one that answers, so many at most. */
const otherRows = (topic: string, routes: readonly Route[], prepared: Prepared, keyPrefix: string): readonly Row[] => {
  const rows = routes.slice(0, shownRoutes).map((route) => ({
    topic,
    text: `${describeMatch(route.match)}: ${serviceKey(route.service)}`,
    place: placeOfClaim(prepared.loaded, route.service, keyPrefix),
  }));
  const more = routes.length - shownRoutes;
  return more > 0 ? [...rows, { topic, text: `and ${more} more`, place: null }] : rows;
};

/** What is wrong with the Services that name this host: the reason, often, why another one answers, or none. */
const problemRows = (host: string | null, winner: Route | null, { loaded, findings }: Prepared): readonly Row[] => {
  const wildcard = host === null ? null : host.replace(/^[^.]+/, "*");
  const isAsking = new Set(
    loaded.services
      .filter(({ settings }) => {
        const named = settings.find(({ key }) => key === keys.host.name)?.value.toLowerCase() ?? "";
        return named.split(",").some((name) => name.trim() === host || name.trim() === wildcard);
      })
      .map(serviceKey),
  );
  if (winner !== null) isAsking.add(serviceKey(winner.service));
  return findings
    .filter(({ service, reason }) => service !== null && reason !== "Conflict" && isAsking.has(serviceKey(service)))
    .map((finding) => ({ topic: "problems", text: describeFinding(finding), place: finding.place }));
};

const upstreamRows = ({ upstream, behaviour }: Route): readonly Row[] =>
  upstream === null || behaviour.answer !== null
    ? []
    : [
        {
          topic: "upstream",
          text: `${upstream.name} at ${upstream.addresses.join(", ")}, ${upstream.protocol}`,
          place: null,
        },
      ];

const answeredRows = (winner: Route, { lost, others }: Explanation, prepared: Prepared, options: ParseOptions) => {
  const placeOf = ({ service }: Route): Place | null => placeOfClaim(prepared.loaded, service, options.keyPrefix);
  return [
    { topic: "route", text: describeMatch(winner.match), place: placeOf(winner) },
    ...upstreamRows(winner),
    ...settingRows(winner, prepared, options),
    ...lost.map(({ route, why }) => ({
      topic: "lost",
      text: `${serviceKey(route.service)}: ${why}`,
      place: placeOf(route),
    })),
    ...otherRows("behind it", others, prepared, options.keyPrefix),
  ];
};

/** What `explain` prints. */
export const explanationText = (
  url: { readonly shown: string; readonly request: RouteRequest },
  explanation: Explanation,
  prepared: Prepared,
  options: ParseOptions,
): string => {
  const { winner, host, others } = explanation;
  const problems = problemRows(url.request.host, winner, prepared);
  if (winner !== null) {
    const rows = [...answeredRows(winner, explanation, prepared, options), ...problems];
    return `${url.shown}\n  ${headline(winner)}\n\n${layOut(rows)}`;
  }
  const why = host === null ? "no route names this host" : `no route of ${host} takes this path`;
  const rows = [...otherRows("routes", others, prepared, options.keyPrefix), ...problems];
  const text = rows.length === 0 ? "" : `\n${layOut(rows)}`;
  return `${url.shown}\n  nginx answers 404: ${why}, and there is no default backend\n${text}`;
};
