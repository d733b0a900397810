import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import type { ReloaderStatus } from "../../src/contract/status.ts";
import { createMetrics } from "../../src/generator/metrics.ts";
import { findCulprits } from "../../src/generator/quarantine/culprits.ts";
import { nginxWords } from "../../src/generator/quarantine/hold.ts";
import { formatHolds, type KeptHold, parseHolds } from "../../src/generator/quarantine/hold-file.ts";
import { createQuarantine } from "../../src/generator/quarantine/quarantine.ts";
import { createRecentNginx } from "../../src/generator/quarantine/recent-nginx.ts";
import { builtInTemplate } from "../../src/nginx/partials.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { formatServiceList, parseServiceList, type ServiceList } from "../../src/routes/service-list.ts";
import { defaultOptions, service } from "../nginx/fixture.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const version = (name: string, path: string): ServiceRecord => service(name, "127.96.0.1", 80, { path });
const ingredients = (services: readonly ServiceRecord[], isRecentNginx = false) => ({
  options: { ...defaultOptions, isRecentNginx },
  services,
  hostPolicy: null,
  template: builtInTemplate,
  holds: null,
});

const status = (hash: string, state: "applied" | "rejected", over: Partial<ReloaderStatus> = {}): ReloaderStatus => ({
  version: 1,
  files: { "default.conf": hash },
  wanted: hash,
  live: "f".repeat(64),
  liveFiles: {},
  refusedBy: state === "rejected" ? "nginx" : null,
  state,
  message: state === "rejected" ? 'unknown directive "x" in /etc/nginx/conf.d/default.conf:7' : "",
  at: null,
  testedMs: 1,
  firstMs: null,
  settledMs: null,
  attempts: 1,
  since: "2026-01-01T00:00:00Z",
  ...over,
});

/**
 * A quarantine whose nginx refuses every set of Services that `isBad` names. A configuration's hash is the list of its
 * Services' versions.
 */
const stage = (
  isBad: (services: readonly ServiceRecord[]) => boolean,
  {
    owners = [] as readonly ServiceRecord[],
    kept = [] as readonly KeptHold[],
    isFirstBoot = false,
    earlier = null as ServiceList | null,
    /** What nginx says of a configuration for a recent one; null: it is given none. */
    refusesRecent = null as string | null,
    /** Whether it is that which is wrong with it. */
    isForRecent = true,
    refusedIn = "default.conf",
  } = {},
) => {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const written: (readonly KeptHold[])[] = [];
  const verdicts: string[] = [];
  let wanted = false;
  let live = isFirstBoot ? null : "f".repeat(64);
  let current: readonly ServiceRecord[] = [];
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const recentNginx = createRecentNginx({ ...defaultOptions, isRecentNginx: refusesRecent !== null }, log);
  const quarantine = createQuarantine({
    file: "default.conf",
    trace: () => owners,
    kept,
    earlier: () => earlier,
    clock,
    metrics,
    log,
    onChange: () => {
      wanted = true;
    },
    onRefused: () => undefined,
    onTemplateRefused: () => undefined,
    recentNginx,
    onServed: () => undefined,
    onKept: (holds) => void written.push(holds),
  });
  const text = (services: readonly ServiceRecord[]): string =>
    services.map(({ name, settings }) => `${name}${settings.map(({ value }) => value).join()}`).join(" ");
  const settle = (): string => {
    for (let pass = 0; wanted && pass < 100; pass += 1) {
      wanted = false;
      const { services } = quarantine.sift(current);
      const hash = text(services);
      const { isRecentNginx } = recentNginx.options();
      quarantine.published(`${hash}${isRecentNginx}`, ingredients(services, isRecentNginx));
      const isWrong = isRecentNginx && isForRecent;
      const words =
        isWrong && refusesRecent !== null ? { message: refusesRecent, at: { file: refusedIn, line: 9 } } : {};
      const state = isWrong || isBad(services) ? "rejected" : "applied";
      verdicts.push(state);
      if (state === "applied") live = "f".repeat(64);
      quarantine.observe(
        status(`${hash}${isRecentNginx}`, state, {
          live,
          at: owners.length > 0 ? { file: "default.conf", line: 1 } : null,
          ...words,
        }),
      );
    }
    assert.equal(wanted, false, "it comes to rest");
    return text(quarantine.sift(current).services);
  };
  return {
    clock,
    metrics,
    quarantine,
    written,
    verdicts,
    lines,
    /** Makes these the Services, lets all come to rest, and gives what is served. */
    change: (services: readonly ServiceRecord[]): string => {
      current = services;
      wanted = true;
      return settle();
    },
    settle,
  };
};

const has = (name: string, path: string) => (services: readonly ServiceRecord[]) =>
  services.some((one) => one.name === name && one.settings[0]?.value === path);

const all = (path: string, count = 8): readonly ServiceRecord[] =>
  Array.from({ length: count }, (_, index) => version(`s${index}`, path));

describe("createQuarantine()", () => {
  it("finds the one of many that nginx refuses, and lets the others through", () => {
    const { change, verdicts, quarantine } = stage(has("s5", "/new"));
    change(all("/old"));
    assert.equal(change(all("/new")), "s0/new s1/new s2/new s3/new s4/new s5/old s6/new s7/new");
    assert.ok(verdicts.filter((verdict) => verdict === "rejected").length <= 4, verdicts.join());
    const { problems } = quarantine.sift(all("/new"));
    assert.deepEqual(problems.map(describeProblem), [
      'Quarantined default/s5: nginx refuses the configuration with it (unknown directive "x"): until it changes it is routed as it was before',
    ]);
  });

  const served = (path: string): string =>
    all(path)
      .map(({ name }) => `${name}${path}`)
      .join(" ");

  it("holds nobody for what nginx does not know, at the first boot too: it is given what it knows", () => {
    for (const [words, refusedIn] of [
      ['unknown "request_port" variable', "default.conf"],
      ['unknown directive "sticky" in /etc/nginx/conf.d/default.conf:90', "default.conf"],
      ['"map_hash_bucket_size" directive is duplicate in /etc/nginx/conf.d/default.conf:5', "default.conf"],
      ['"map_hash_max_size" directive is duplicate in /etc/nginx/conf.d/zzz.conf:5', "zzz.conf"],
      ["something that nobody has thought of", "default.conf"],
    ] as const) {
      for (const isFirstBoot of [true, false]) {
        const { change, verdicts, quarantine, lines } = stage(has("s5", "/new"), {
          refusesRecent: words,
          refusedIn,
          isFirstBoot,
        });
        assert.equal(change(all("/old")), served("/old"), words);
        assert.deepEqual(verdicts, ["rejected", "applied"]);
        assert.deepEqual(quarantine.sift(all("/old")).problems, []);
        assert.equal(lines.filter(({ reason }) => reason === words).length, 1);
        // What is wrong with a Service is found as ever.
        assert.match(change(all("/new")), /s4\/new s5\/old s6\/new/);
      }
    }
  });

  it("finds who is to blame where nginx refuses the configuration without that too", () => {
    const options = { refusesRecent: "x", isForRecent: false, isFirstBoot: true };
    const { change, verdicts, lines } = stage(has("s5", "/new"), options);
    assert.match(change(all("/new")), /s4\/new s6\/new/);
    // As it is, and without: then it is known to be a Service.
    assert.deepEqual(verdicts.slice(0, 2), ["rejected", "rejected"]);
    assert.equal(lines.filter(({ msg }) => String(msg).includes("NGINX_VERSION")).length, 0);
  });

  it("knows each directive that only a recent nginx, or not every build of it, has", () => {
    const log = pino({ level: "silent" });
    for (const word of ['directive "sticky"', 'directive "least_conn"', '"request_port" variable']) {
      const recentNginx = createRecentNginx({ ...defaultOptions, isRecentNginx: true }, log);
      // A file with few Services holds little of it.
      recentNginx.accepted(recentNginx.options());
      assert.equal(recentNginx.refused(recentNginx.options(), `unknown ${word} in default.conf:9`), true, word);
      assert.equal(recentNginx.options().isRecentNginx, false, word);
    }
  });

  it("blames nobody for a configuration that was on its way when that was found", () => {
    const holds: string[] = [];
    const log = pino({ level: "silent" });
    const recentNginx = createRecentNginx({ ...defaultOptions, isRecentNginx: true }, log);
    const quarantine = createQuarantine({
      file: "default.conf",
      trace: () => [],
      kept: [],
      earlier: () => null,
      clock: createFakeClock(),
      metrics: createMetrics(),
      log,
      onChange: () => undefined,
      onRefused: () => undefined,
      onTemplateRefused: () => undefined,
      recentNginx,
      onServed: () => undefined,
      onKept: (kept) => holds.push(...kept.map(({ refused }) => refused.name)),
    });
    const message = 'unknown "request_port" variable';
    quarantine.published("a", ingredients(all("/old"), true));
    quarantine.published("b", ingredients(all("/new"), true));
    for (const hash of ["a", "b"]) quarantine.observe(status(hash, "rejected", { message, live: null }));
    quarantine.published("c", ingredients(all("/new"), recentNginx.options().isRecentNginx));
    quarantine.observe(status("c", "applied"));
    assert.deepEqual(holds, []);
    assert.equal(recentNginx.options().isRecentNginx, false);
  });

  it("finds two, and two that nginx refuses only together cost one", () => {
    const two = stage((services) => has("s1", "/new")(services) || has("s6", "/new")(services));
    two.change(all("/old"));
    assert.equal(two.change(all("/new")), "s0/new s1/old s2/new s3/new s4/new s5/new s6/old s7/new");
    const together = stage((services) => has("s1", "/new")(services) && has("s6", "/new")(services));
    together.change(all("/old"));
    const served = together.change(all("/new"));
    assert.ok(
      ["s1/old", "s6/old"].filter((version) => served.includes(version)).length === 1,
      `one of the two is held: ${served}`,
    );
    assert.equal(served.match(/old/g)?.length, 1);
  });

  it("ends a hold when its Service changes or goes, and tries the same again after ten minutes, then twenty", () => {
    let isDown = true;
    const { change, settle, clock, verdicts } = stage((services) => isDown && has("s0", "/new")(services));
    change(all("/old", 2));
    const changed = [version("s0", "/new"), version("s1", "/old")];
    assert.equal(change(changed), "s0/old s1/old");
    const before = verdicts.length;
    clock.advance(9 * 60_000);
    assert.equal(settle(), "s0/old s1/old");
    assert.equal(verdicts.length, before, "nothing was asked of nginx meanwhile");
    clock.advance(2 * 60_000);
    assert.equal(settle(), "s0/old s1/old");
    assert.ok(verdicts.length > before, "tried again");
    isDown = false; // what it needed is there now
    clock.advance(11 * 60_000);
    assert.equal(settle(), "s0/old s1/old", "the second wait is twice the first");
    clock.advance(10 * 60_000);
    assert.equal(settle(), "s0/new s1/old");
  });

  it("a Service that goes is gone, and one that changes is tried at once", () => {
    const { change, metrics } = stage(has("s0", "/new"));
    change(all("/old", 2));
    assert.equal(change([version("s0", "/new"), version("s1", "/old")]), "s0/old s1/old");
    assert.equal(change([version("s0", "/newer"), version("s1", "/old")]), "s0/newer s1/old");
    assert.equal(
      change([version("s0", "/new"), version("s1", "/old")]),
      "s0/newer s1/old",
      "held at the newest good one",
    );
    assert.equal(change([version("s1", "/old")]), "s1/old");
    return metrics.quarantinedServices.get().then(({ values }) => assert.equal(values[0]?.value, 0));
  });

  it("what the nginx container says cannot have everything held, nor anything that nginx serves", () => {
    const { change, quarantine, lines } = stage(() => true);
    assert.equal(
      change(all("/a", 100)),
      all("/a", 100)
        .map(({ name }) => `${name}/a`)
        .join(" "),
      "nothing known: no holds",
    );
    const { change: changeMany, lines: said } = stage((services) => services.length > 0 && has("s0", "/new")(services));
    changeMany(all("/old", 100));
    changeMany(all("/new", 100));
    assert.ok(said.some(({ msg }) => /too many Services/.test(String(msg))));
    quarantine.observe(status("unheard of", "rejected"));
    quarantine.observe(status("", "rejected", { at: { file: "other.conf", line: 1 } }));
    assert.equal(quarantine.sift(all("/a", 100)).holds, null);
    assert.ok(lines.some(({ msg }) => /no Service is to blame/.test(String(msg))));
  });

  it("at the first start, with nothing served, serves all but the culprit", () => {
    const { change, verdicts } = stage(has("s37", "/new"), { isFirstBoot: true });
    const served = change(all("/new", 100));
    assert.equal(served.split(" ").length, 99);
    assert.ok(!served.includes("s37"));
    assert.ok(verdicts.filter((verdict) => verdict === "rejected").length <= 9, verdicts.join());
  });

  it("knows what init made of the Services when nginx serves it, though it never saw it applied", () => {
    const services = all("/old", 3);
    const hash = "a".repeat(64);
    for (const live of [hash, "b".repeat(64)]) {
      const bad = version("s1", "/new");
      const earlier = { hash, isServed: false, services };
      const { change, quarantine } = stage(has("s1", "/new"), { earlier, owners: [bad] });
      quarantine.observe(status("of a hand", "rejected", { liveFiles: { "default.conf": live } }));
      const served = change([version("s0", "/old"), bad, version("s2", "/old")]);
      assert.equal(served, live === hash ? "s0/old s1/old s2/old" : "s0/old s2/old");
    }
  });

  it("a test that the reloader cut off accuses nobody", () => {
    const { change, quarantine } = stage(() => false);
    change(all("/old"));
    const { services } = quarantine.sift(all("/new"));
    quarantine.published("slow", ingredients(services));
    quarantine.observe(status("slow", "rejected", { refusedBy: "reloader" }));
    assert.equal(quarantine.sift(all("/new")).holds, null);
    quarantine.observe(status("slow", "rejected"));
    assert.equal(quarantine.sift(all("/new")).holds?.held.size, 8, "the same by nginx");
  });

  it("takes up what an earlier process held", () => {
    const kept = [{ refused: version("s0", "/new"), served: version("s0", "/old"), words: "w", isCertain: true }];
    const { change } = stage(has("s0", "/new"), { kept });
    assert.equal(change([version("s0", "/new"), version("s1", "/a")]), "s0/old s1/a");
    assert.equal(change([version("s0", "/b"), version("s1", "/a")]), "s0/b s1/a");
  });
});

describe("findCulprits()", () => {
  const before = all("/old", 3);
  const served = { services: before, template: builtInTemplate };

  it("believes a line only of a Service that has changed", () => {
    const refused = ingredients([version("s0", "/new"), version("s1", "/new"), version("s2", "/old")]);
    const blame = (...owners: readonly ServiceRecord[]) => findCulprits(refused, served, owners);
    assert.deepEqual(blame(version("s1", "/new")), { kind: "one", service: version("s1", "/new") });
    assert.equal(blame(version("s2", "/old")).kind, "some");
    assert.equal(blame(version("s0", "/new"), version("s1", "/new")).kind, "some");
    assert.equal(blame().kind, "some");
  });

  it("blames a template that has changed, and nobody where nothing has", () => {
    const other = { render: () => "", sharesServers: false, answersOthers: false };
    const changed = ingredients([version("s0", "/new"), ...before.slice(1)]);
    assert.deepEqual(findCulprits({ ...changed, template: other }, served, []), {
      kind: "template",
      served: builtInTemplate,
    });
    assert.equal(findCulprits(ingredients(before), served, []).kind, "nobody");
    assert.equal(findCulprits(changed, null, []).kind, "nobody");
    assert.equal(findCulprits(changed, null, [version("s0", "/new")]).kind, "one");
  });
});

describe("what a restart needs", () => {
  it("nginxWords() keeps no place, no control characters and not too much", () => {
    assert.equal(
      nginxWords('unknown directive "x" in /etc/nginx/conf.d/default.conf:7\n\u001b[31mred'),
      'unknown directive "x" [31mred',
    );
    assert.equal([...nginxWords("é".repeat(4000))].length, 300);
  });

  it("holds and Services come back as they were, and nothing else is taken", () => {
    const services = [version("a", "/x"), version("b", "/y")];
    const list = { hash: "f".repeat(64), isServed: true, services };
    assert.deepEqual(parseServiceList(formatServiceList(list)), list);
    const holds = [{ refused: version("a", "/x"), served: null, words: "w", isCertain: false }];
    assert.deepEqual(parseHolds(formatHolds(holds)), holds);
    for (const text of ["", "{", "[]", "null", '{"version":2}\n', `${formatServiceList(list).slice(0, -20)}\n`]) {
      assert.equal(parseServiceList(text), null, text);
      assert.deepEqual(parseHolds(text), []);
    }
    assert.equal(parseServiceList(`${formatServiceList(list)}{"namespace":1}\n`), null);
    assert.deepEqual(parseHolds('{"version":1,"holds":[{"refused":{}}]}'), []);
  });
});
