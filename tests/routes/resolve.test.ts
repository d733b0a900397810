import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultBehaviour } from "../../src/routes/behaviour.ts";
import { buildLocations } from "../../src/routes/locations.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { createResolver, resolveRoutes } from "../../src/routes/resolve.ts";
import type { Match, Route } from "../../src/routes/route.ts";
import type { Host } from "../../src/routes/values/host.ts";
import type { LocationPath, PathType } from "../../src/routes/values/location-path.ts";

const pathMatch = (host: string | null, path: string, pathType: PathType = "Prefix"): Match => ({
  kind: "path",
  host: host as Host | null,
  path: path as LocationPath,
  pathType,
});
const route = (name: string, match: Match, rank: { priority?: number; createdAtMs?: number } = {}): Route => ({
  service: { namespace: "default", name },
  match,
  upstream: {
    name: `${name}.default.80`,
    service: { namespace: "default", name },
    protocol: "HTTP",
    addresses: ["127.96.0.1:80"],
  },
  behaviour: defaultBehaviour,
  priority: rank.priority ?? 0,
  createdAtMs: rank.createdAtMs ?? 0,
});
const winner = (routes: readonly Route[]): string => {
  const { site } = resolveRoutes(routes);
  const action = site.servers[0]?.locations.find(({ path }) => path === "/")?.action;
  return action?.kind === "proxy" ? action.upstream.service.name : "nobody";
};

describe("resolveRoutes()", () => {
  const match = pathMatch("a.com", "/");

  it("gives a match to the higher priority, then the older, then the first by name, in any order", () => {
    const pairs: readonly (readonly [Route, Route])[] = [
      [route("z", match, { priority: 1, createdAtMs: 9 }), route("a", match, { createdAtMs: 1 })],
      [route("z", match, { createdAtMs: 1 }), route("a", match, { createdAtMs: 2 })],
      [route("a", match), route("b", match)],
    ];
    for (const [first, second] of pairs) {
      assert.equal(winner([first, second]), first.service.name);
      assert.equal(winner([second, first]), first.service.name);
    }
  });

  it("names the winner to the loser, who keeps its other routes", () => {
    const { site, conflicts, routeCount } = resolveRoutes([
      route("old", match, { createdAtMs: 1 }),
      route("new", match, { createdAtMs: 2 }),
      route("new", pathMatch("b.com", "/"), { createdAtMs: 2 }),
    ]);
    assert.deepEqual(conflicts.map(describeProblem), [
      "Conflict default/new: a.com / (Prefix) belongs to default/old, which is older",
    ]);
    assert.equal(routeCount, 2);
    assert.deepEqual(
      site.servers.map(({ hosts }) => hosts),
      [["a.com"], ["b.com"]],
    );
  });

  it("bounds what one Service's conflicts may cost, the same in any order", () => {
    const claims = (name: string, createdAtMs: number): readonly Route[] =>
      Array.from({ length: 50 }, (_, index) => route(name, pathMatch("a.com", `/${index}`), { createdAtMs }));
    const all = [...claims("old", 1), ...claims("new", 2)];
    const lines = resolveRoutes(all).conflicts.map(describeProblem);
    assert.equal(lines.length, 21);
    assert.equal(lines.at(-1), "Conflict default/new: and 30 more conflicts");
    assert.deepEqual(resolveRoutes(all.toReversed()).conflicts.map(describeProblem), lines);
  });

  it("Exact and Prefix of one path do not conflict", () => {
    const { conflicts } = resolveRoutes([
      route("a", pathMatch("a.com", "/x", "Exact")),
      route("b", pathMatch("a.com", "/x", "Prefix")),
    ]);
    assert.deepEqual(conflicts, []);
  });

  it("a refused route holds its place, but has no claim against one that is served", () => {
    const bad: Route = { ...route("bad", match, { createdAtMs: 1 }), upstream: null };
    const alone = resolveRoutes([bad, route("below", pathMatch("a.com", "/x"))]);
    const actions = alone.site.servers[0]?.locations.map(({ path, action }) => `${path} ${action.kind}`);
    assert.deepEqual(actions, ["/ refused", "/x proxy", "/x/ proxy"]);
    assert.equal(alone.routeCount, 1);
    const both = resolveRoutes([bad, route("good", match, { createdAtMs: 2 })]);
    assert.equal(winner([bad, route("good", match, { createdAtMs: 2 })]), "good");
    assert.deepEqual(both.conflicts, []);
  });

  it("shares one server between hosts with the same locations", () => {
    const { site } = resolveRoutes([route("a", pathMatch("b.com", "/")), route("a", pathMatch("a.com", "/"))]);
    assert.deepEqual(
      site.servers.map(({ hosts }) => hosts),
      [["a.com", "b.com"]],
    );
  });

  it("keeps exactly the upstreams that a location names", () => {
    const { site } = resolveRoutes([
      route("won", match, { priority: 1 }),
      route("lost", match),
      route("fallback", { kind: "default-backend" }),
    ]);
    assert.deepEqual(
      site.upstreams.map(({ name }) => name),
      ["fallback.default.80", "won.default.80"],
    );
  });

  it("moves every host to another default backend, and back", () => {
    const resolve = createResolver();
    const below = [route("shop", pathMatch("a.com", "/x")), route("web", pathMatch("b.com", "/"))];
    const backends = ["one", "two"].map((name) => route(name, { kind: "default-backend" }));
    for (const backend of [...backends, ...backends, undefined]) {
      const routes = backend === undefined ? below : [...below, backend];
      const { site, routeCount } = resolve([below, ...(backend === undefined ? [] : [[backend]])]);
      assert.deepEqual(site, resolveRoutes(routes).site);
      assert.equal(routeCount, routes.length);
    }
  });

  it("begins anew after a fault", () => {
    const resolve = createResolver();
    const good = [route("a", match), route("b", pathMatch("b.com", "/"))];
    resolve([good]);
    // What no parser makes, half-way through the work.
    const bad = { ...route("c", match), match: null } as unknown as Route;
    assert.throws(() => resolve([good, [route("d", pathMatch("d.com", "/")), bad]]), TypeError);
    assert.deepEqual(resolve([good]), resolveRoutes(good));
  });
});

describe("buildLocations()", () => {
  const lines = (...routes: Route[]): readonly string[] =>
    buildLocations(routes, { kind: "not-found" }).map(
      ({ match, path, action }) =>
        `${match === "exact" ? "= " : ""}${path} ${action.kind === "proxy" ? action.upstream.service.name : "404"}`,
    );

  it("matches a Prefix by element", () => {
    assert.deepEqual(lines(route("a", pathMatch(null, "/x"))), ["/ 404", "= /x a", "/x/ a"]);
  });

  it("keeps nginx from answering /x by a redirect to an Exact /x/", () => {
    assert.deepEqual(lines(route("a", pathMatch(null, "/x/", "Exact"))), ["/ 404", "= /x 404", "= /x/ a"]);
    assert.deepEqual(lines(route("a", pathMatch(null, "/p/x/", "Exact")), route("b", pathMatch(null, "/p"))), [
      "/ 404",
      "= /p b",
      "/p/ b",
      "= /p/x b",
      "= /p/x/ a",
    ]);
  });
});
