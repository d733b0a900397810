import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gauge, Registry } from "prom-client";
import { type Health, serveEndpoints } from "../../src/ops/endpoints.ts";
import { describeError } from "../../src/ops/program.ts";

const start = (health: Health, registry = new Registry()) =>
  serveEndpoints(
    "TEST_LISTEN",
    { host: "127.0.0.1", port: 0 },
    { registry, healthz: () => ({ ok: true }), readyz: () => health },
  );

describe("serveEndpoints()", () => {
  it("answers probes with the reason, metrics with the registry, and nothing else", async () => {
    const registry = new Registry();
    new Gauge({ name: "answer", help: "x", registers: [registry] }).set(42);
    const server = await start({ ok: false, reason: "not yet" }, registry);
    const ask = async (path: string, method = "GET") => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
      return [answer.status, await answer.text()] as const;
    };
    assert.deepEqual(await ask("/healthz"), [200, "ok\n"]);
    assert.deepEqual(await ask("/readyz?verbose"), [503, "not yet\n"]);
    assert.match((await ask("/metrics"))[1], /^answer 42$/m);
    assert.equal((await ask("/"))[0], 404);
    assert.equal((await ask("/metrics", "POST"))[0], 405);
    await server.close();
  });

  it("names the setting when the port is taken", async () => {
    const server = await start({ ok: true });
    const second = serveEndpoints(
      "TEST_LISTEN",
      { host: "127.0.0.1", port: server.port },
      { registry: new Registry(), healthz: () => ({ ok: true }), readyz: () => ({ ok: true }) },
    );
    await assert.rejects(second, /cannot listen on 127\.0\.0\.1:\d+: free the port or set TEST_LISTEN/);
    await server.close();
  });
});

describe("describeError()", () => {
  it("puts an error and its causes on one line, each once", () => {
    const root = new Error("EACCES: permission denied\n  open 'x'");
    assert.equal(
      describeError(new Error("cannot write", { cause: new Error("EACCES: permission denied", { cause: root }) })),
      "cannot write: EACCES: permission denied open 'x'",
    );
    assert.equal(describeError("a text"), "a text");
  });
});
