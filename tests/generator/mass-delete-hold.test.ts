import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { createMassDeleteHold, servicesIn } from "../../src/generator/mass-delete.ts";
import { createMetrics } from "../../src/generator/metrics.ts";
import type { RelistChange } from "../../src/kube/reflection.ts";
import { configure } from "../../src/nginx/configuration.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const recordOf = (name: string): ServiceRecord => {
  const service = readService({ metadata: { namespace: "default", name }, spec: {} }, "hotroute.io/");
  assert.ok(service);
  return service;
};
const keysOf = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `default/s${index}`);

describe("createMassDeleteHold()", () => {
  const begin = (holdMs: number, earlier: readonly string[] = []) => {
    const clock = createFakeClock();
    const relists: (string | null)[] = [];
    const hold = createMassDeleteHold({
      holdMs,
      earlier: new Set(earlier),
      clock,
      relist: (namespace) => relists.push(namespace),
      metrics: createMetrics(),
      log: pino({ level: "silent" }),
    });
    const list = (change: Partial<RelistChange<ServiceRecord>>): readonly string[] => {
      const nothing = { kind: "relist", first: false, added: [], updated: [], removed: [], total: 0 } as const;
      return hold.observe({ ...nothing, seenAtMs: clock.nowMs(), ...change }, null);
    };
    const lacking = (gone: number, total: number) =>
      list({ removed: keysOf(gone).map((key) => ({ key, value: recordOf(key.slice(8)) })), total });
    const count = (): number => [...hold.held()].length;
    return { clock, relists, hold, list, lacking, count };
  };

  it("holds more than a half, and at least ten", () => {
    for (const [gone, total, isHeld] of [
      [10, 19, true],
      [10, 20, false],
      [9, 9, false],
      [10, 10, true],
    ] as const) {
      const { lacking, count } = begin(1000);
      assert.deepEqual([lacking(gone, total).length, count()], isHeld ? [0, gone] : [gone, 0]);
    }
    const off = begin(0);
    assert.deepEqual([off.lacking(10, 10).length, off.count()], [10, 0]);
  });

  it("is ended by a list that was asked for after its time, not by an earlier one", () => {
    const { clock, relists, lacking, list, count } = begin(1000);
    lacking(12, 12);
    clock.advance(999);
    const seenAtMs = clock.nowMs();
    assert.deepEqual([list({}), relists], [[], []]);
    clock.advance(1);
    assert.deepEqual(relists, [null]);
    assert.deepEqual([list({ seenAtMs }), count()], [[], 12], "one that was under way");
    assert.deepEqual([list({}), count()], [keysOf(12), 0]);
  });

  it("asks for no list when all are back", () => {
    const { clock, relists, lacking, list, count } = begin(1000);
    lacking(12, 12);
    list({ added: keysOf(12) });
    clock.advance(2000);
    assert.deepEqual([relists, count()], [[], 0]);
  });

  it("what an earlier process routed holds all up, until all but nine are back", () => {
    const { hold, list } = begin(1000, keysOf(30));
    list({ first: true, added: ["default/new"] });
    assert.equal(hold.isBlocking, true);
    for (const key of keysOf(20)) {
      hold.observe({ kind: "added", key, value: recordOf(key.slice(8)), seenAtMs: 0 }, null);
    }
    assert.equal(hold.isBlocking, true);
    hold.observe({ kind: "added", key: "default/s20", value: recordOf("s20"), seenAtMs: 0 }, null);
    assert.equal(hold.isBlocking, false);
  });
});

describe("servicesIn()", () => {
  it("finds the Services of what was made of them", () => {
    const spec = { clusterIP: "10.0.0.1", ports: [{ port: 80 }, { name: "http", port: 81 }] };
    const services = ["a-b", "c"].flatMap((name) => {
      const annotations = { "hotroute.io/host": `${name}.example.com`, "hotroute.io/port": "80" };
      return readService({ metadata: { namespace: "team-1", name, annotations }, spec }, "hotroute.io/") ?? [];
    });
    const { text } = configure(services, readSettings({}, readRoutingSettings).configuration);
    assert.deepEqual([...servicesIn(text)].sort(), ["team-1/a-b", "team-1/c"]);
    // Hundreds of them, which share servers.
    const many = Array.from({ length: 300 }, (_, index) => `app-${index}`).flatMap((name, index) => {
      const annotations = { "hotroute.io/host": `${name}.example.com`, "hotroute.io/port": "80" };
      const own = { ...spec, clusterIP: `10.1.${index >> 8}.${index & 255}` };
      return readService({ metadata: { namespace: "team-1", name, annotations }, spec: own }, "hotroute.io/") ?? [];
    });
    const { configuration } = readSettings({ NGINX_VERSION: "1.30.6" }, readRoutingSettings);
    for (const accessLog of ["json", "off"] as const) {
      const shared = configure([...services, ...many], { ...configuration, accessLog }).text;
      assert.match(shared, /sticky/);
      assert.equal(servicesIn(shared).size, 302);
    }
    assert.equal(servicesIn("upstream by_hand {\n  server 127.0.0.1:80;\n}\n").size, 0);
  });
});
