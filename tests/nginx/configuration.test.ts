import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { type Configuration, configure } from "../../src/nginx/configuration.ts";
import { builtInTemplate } from "../../src/nginx/partials.ts";
import type { SiteTemplate } from "../../src/nginx/site-view.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { describeMatch } from "../../src/routes/route.ts";
import { createRandom } from "../apiserver/random.ts";
import { defaultOptions, service } from "./fixture.ts";

const matchesOf = ({ routes }: Configuration): readonly string[] =>
  routes.map(({ service: { name }, match }) => `${name} ${describeMatch(match)}`).sort();

describe("configure()", () => {
  it("one invalid Service among 1,000 costs exactly its own route", () => {
    const services = Array.from({ length: 1000 }, (_, index) =>
      service(`app-${index}`, `127.96.${index >> 8}.${index & 255}`, 80, { host: `app-${index}.example.com` }),
    );
    const bad = service("app-500", "127.96.1.244", 80, { host: "app-500.example.com", "limit-rps": "many" });
    const good = configure(services, defaultOptions);
    const mixed = configure(services.with(500, bad), defaultOptions);
    assert.equal(mixed.routeCount, 999);
    assert.deepEqual(mixed.problems.map(describeProblem), [
      'InvalidValue default/app-500 hotroute.io/limit-rps="many": expected a whole number from 1 to 1000000',
    ]);
    const servers = (text: string): readonly string[] =>
      text
        .replace(/# sha256:.*/, "")
        .split(/\n(?=server \{)/)
        .slice(1);
    const left = new Set(servers(mixed.text));
    const changed = servers(good.text).filter((server) => !left.has(server));
    assert.equal(changed.length, 1, changed.join("\n"));
    assert.match(changed[0] ?? "", /server_name app-500\.example\.com;/);
  });

  it("so it does where hosts share servers: its own lines are gone from them", () => {
    const options = { ...defaultOptions, isRecentNginx: true };
    const make = (index: number, annotations: Record<string, string> = {}) =>
      service(`app-${index}`, `127.96.${index >> 8}.${index & 255}`, 80, { host: `app-${index}.com`, ...annotations });
    const services = Array.from({ length: 1000 }, (_, index) => make(index));
    const bad = services.with(500, make(500, { "limit-rps": "many" }));
    const [good, mixed] = [services, bad].map((all) => configure(all, options).text.split("\n"));
    const left = new Set(mixed);
    assert.deepEqual(
      good?.filter((line) => !left.has(line) && !line.startsWith("# sha256:")),
      [
        "    server 127.96.1.244:80 route=app-500.com max_fails=0 drain; # app-500.default.80",
        "    app-500.com 127.96.1.244:80;",
      ],
    );
    // Its place is held by a block of its own.
    assert.match(mixed?.join("\n") ?? "", /\n {4}server_name app-500\.com;\n {4}location \/ { return 503; }\n}\n/);
  });

  it("takes HTTP/2 where one of the routes to a port speaks gRPC, be it the first or the last", () => {
    for (const [grpc, http] of [
      ["a.com", "b.com"],
      ["b.com", "a.com"],
    ]) {
      const routes = JSON.stringify([{ host: grpc, "backend-protocol": "GRPC" }, { host: http }]);
      const { text, problems } = configure([service("both", "127.96.0.1", 80, { routes })], defaultOptions);
      assert.deepEqual(problems, []);
      assert.match(text, /^http2 on;$/m);
      assert.equal(text.match(/^upstream /gm)?.length, 1);
    }
  });

  it("a pass that follows others gives the bytes of a first pass", () => {
    const seed = Number(process.env.HOTROUTE_SEED ?? 20261121);
    const random = createRandom(seed);
    // Few hosts and paths: they share servers, compete, and come to share and to part again.
    const change = (index: number) =>
      service(`app-${index}`, `127.96.0.${index + 1}`, 80, {
        host: random.pick(["a.com", "b.com", "c.com,a.com", "*.d.com", "d.com"]),
        path: random.pick(["/", "/x", "/x,/y", "/x/y", "nonsense"]),
        ...(random.chance(0.3) ? { "proxy-read-timeout": random.pick(["5s", "9s", "soon"]) } : {}),
        ...(random.chance(0.1) ? { "default-backend": "true" } : {}),
        ...(random.chance(0.2) ? { priority: "5" } : {}),
      });
    const services = new Map(Array.from({ length: 12 }, (_, index) => [index, change(index)]));
    for (let pass = 0; pass < 300; pass += 1) {
      const index = random.below(12);
      if (random.chance(0.2)) services.delete(index);
      else services.set(index, change(index));
      const kept = configure(services.values(), defaultOptions);
      const anew = configure(structuredClone([...services.values()]), { ...defaultOptions });
      assert.equal(kept.text, anew.text, `seed ${seed}, pass ${pass}`);
      assert.deepEqual(kept.problems, anew.problems, `seed ${seed}, pass ${pass}`);
      assert.equal(kept.routeCount, anew.routeCount);
      assert.deepEqual(matchesOf(kept), matchesOf(anew), `seed ${seed}, pass ${pass}`);
    }
  });

  it("so does one of many Services, of which some come, change and go", () => {
    const seed = Number(process.env.HOTROUTE_SEED ?? 20261121);
    const random = createRandom(seed);
    const options = { ...defaultOptions, isRecentNginx: true };
    const whole: SiteTemplate = {
      sharesServers: true,
      answersOthers: true,
      render: (view) => builtInTemplate.render(view),
    };
    const change = (index: number) =>
      service(`app-${index}`, `127.96.0.${1 + random.below(250)}`, 80 + random.below(2), {
        host: random.pick([
          `h${random.below(600)}.com`,
          `h${index}.com,h${index + 1}.com`,
          `*.w${random.below(40)}.com`,
        ]),
        ...(random.chance(0.2) ? { path: "/x" } : {}),
        ...(random.chance(0.1) ? { "limit-rps": random.pick(["3", "4", "many"]) } : {}),
        ...(random.chance(0.1) ? { "enable-cors": "true" } : {}),
        ...(random.chance(0.02) ? { "backend-protocol": "GRPC" } : {}),
        ...(random.chance(0.01) ? { "default-backend": "true" } : {}),
      });
    const services = new Map(Array.from({ length: 500 }, (_, index) => [index, change(index)]));
    for (let pass = 0; pass < 60; pass += 1) {
      for (let changes = random.pick([1, 1, 1, 5, 200]); changes > 0; changes -= 1) {
        const index = random.below(600);
        if (random.chance(0.3)) services.delete(index);
        else services.set(index, change(index));
      }
      const kept = configure(services.values(), options);
      const anew = configure(structuredClone([...services.values()]), { ...options }, null, whole);
      assert.equal(kept.text, anew.text, `seed ${seed}, pass ${pass}`);
      assert.deepEqual(kept.problems, anew.problems, `seed ${seed}, pass ${pass}`);
      assert.equal(kept.file.sha256, createHash("sha256").update(kept.text).digest("hex"));
      assert.equal(kept.file.sizeBytes, Buffer.byteLength(kept.text));
      assert.deepEqual(matchesOf(kept), matchesOf(anew), `seed ${seed}, pass ${pass}`);
    }
  });
});
