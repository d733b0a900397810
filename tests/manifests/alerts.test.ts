import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { readPage } from "../docs/page.ts";
import { alerts, type RuleGroups, ruleGroups } from "./prometheus-rule.ts";

const unitTests = readFileSync(join(import.meta.dirname, "alerts.promtool.yaml"), "utf8");
const skipWithoutPromtool: string | false =
  spawnSync("promtool", ["--version"]).status === 0 ? false : "no promtool: install Prometheus (Debian: prometheus)";

/** Runs promtool's unit tests on some rules. */
const promtool = (rules: RuleGroups): { readonly status: number | null; readonly said: string } => {
  const folder = mkdtempSync(join(tmpdir(), "hotroute-alerts-"));
  try {
    writeFileSync(join(folder, "rules.yaml"), stringify(rules));
    writeFileSync(join(folder, "tests.yaml"), unitTests);
    const check = spawnSync("promtool", ["check", "rules", "rules.yaml"], { cwd: folder, encoding: "utf8" });
    const test = spawnSync("promtool", ["test", "rules", "tests.yaml"], { cwd: folder, encoding: "utf8" });
    return { status: check.status || test.status, said: `${check.stderr}${test.stdout}${test.stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

describe("the alerts", () => {
  it("fire on what they are for, and on nothing else", { skip: skipWithoutPromtool }, () => {
    const { status, said } = promtool(ruleGroups());
    assert.equal(status, 0, said);
  });

  it("are each held by promtool's tests: one that never fires is found", { skip: skipWithoutPromtool }, () => {
    const deaf = ruleGroups().groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, expr: "vector(1) > 2" })),
    }));
    const { status, said } = promtool({ groups: deaf });
    assert.notEqual(status, 0);
    const missed = new Set([...said.matchAll(/alertname: ?(\w+)/g)].map(([, name]) => name));
    assert.deepEqual(
      [...missed].sort(),
      alerts()
        .map(({ alert }) => alert)
        .sort(),
      said,
    );
  });

  it("are each said to be silent while all is well", () => {
    const [well] = (
      parse(unitTests) as {
        readonly tests: readonly { readonly alert_rule_test: readonly { readonly alertname: string }[] }[];
      }
    ).tests;
    assert.deepEqual(
      well?.alert_rule_test.map(({ alertname }) => alertname).sort(),
      alerts()
        .map(({ alert }) => alert)
        .sort(),
    );
  });

  it("each have a severity, words, and a page in the runbooks", () => {
    const runbooks = readPage("runbooks.md");
    const headings = new Set([...runbooks.prose.matchAll(/^## (\w+)$/gm)].map(([, heading]) => heading));
    for (const { alert, labels, annotations } of alerts()) {
      assert.match(labels.severity ?? "", /^(?:critical|warning|info)$/, alert);
      assert.ok((annotations.summary ?? "").length > 0 && (annotations.description ?? "").length > 0, alert);
      assert.equal(annotations.runbook_url, `docs/runbooks.md#${alert.toLowerCase()}`);
      assert.ok(headings.has(alert), `docs/runbooks.md has no heading ${alert}`);
    }
    assert.deepEqual(
      [...headings].filter((heading) => !alerts().some(({ alert }) => alert === heading)),
      [],
    );
  });
});
