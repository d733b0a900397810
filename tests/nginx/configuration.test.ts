import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { createRandom } from "../apiserver/random.ts";
import { defaultOptions, service } from "./fixture.ts";

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
    }
  });
});
