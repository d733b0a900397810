import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { manifestsDir } from "./objects.ts";

/** A panel. Source: https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/ */
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const dashboard = JSON.parse(readFileSync(join(manifestsDir, "monitoring/dashboard.json"), "utf8")) as {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}; // its own file
const { panels } = dashboard;
const charts = panels.filter(({ type }) => type !== "row");

describe("the Grafana dashboard", () => {
  it("has panels with ids of their own, side by side and not over each other", () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.ok(x >= 0 && x + w <= 24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`);
    });
    assert.equal(new Set(cells).size, cells.length);
  });

  it("asks the data source that the viewer chooses, for the namespaces and Pods that they choose", () => {
    assert.deepEqual(
      dashboard.templating.list.map(({ name, type }) => [name, type]),
      [
        ["datasource", "datasource"],
        ["namespace", "query"],
        ["pod", "query"],
      ],
    );
    assert.ok(charts.length >= 15);
    for (const { title, targets = [] } of charts) {
      assert.ok(targets.length > 0, title);
      for (const { expr, datasource } of targets) {
        assert.equal(datasource.uid, "$".concat("{datasource}"), title);
        for (const [selector] of expr.matchAll(/hotroute_\w+(?:\{[^}]*\})?/g)) {
          assert.match(selector, /\{.*namespace=~"\$namespace",pod=~"\$pod"\}$/, title);
        }
      }
    }
  });

  it("says what each panel shows", () => {
    for (const { title, description = "" } of charts) assert.ok(description.length > 10, title);
  });

  it("shows reloads, propagation, times, workers, problems, connections, requests, and the revision of each Pod", () => {
    const asked = charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
    for (const metric of [
      "hotroute_reloads_total",
      "hotroute_propagation_seconds_bucket",
      "hotroute_reload_duration_seconds_bucket",
      "hotroute_nginx_workers",
      "hotroute_route_problems",
      "hotroute_nginx_connections",
      "hotroute_nginx_requests_total",
      "hotroute_config_revision_info",
    ]) {
      assert.ok(asked.includes(metric), metric);
    }
  });
});
