import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { describeProblem } from "../../src/routes/problem.ts";
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
});
