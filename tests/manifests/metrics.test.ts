import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createService, exposed } from "../support/api-servers.ts";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { waitFor } from "../support/wait.ts";
import { manifestsDir } from "./objects.ts";
import { alerts } from "./prometheus-rule.ts";

/** What other exporters give, and how targets are labelled: kube-state-metrics, and the PodMonitor's labels. */
const foreignMetric = /^kube_(?:deployment|pod)_/;
const targetLabels: ReadonlySet<string> = new Set(["namespace", "pod", "container", "deployment"]);

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** The questions to Prometheus that the alerts and the dashboard ask, and where. */
const questions = async (): Promise<readonly (readonly [where: string, expr: string])[]> => {
  const text = await readFile(join(manifestsDir, "monitoring/dashboard.json"), "utf8");
  const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] };
  return [
    ...alerts().map(({ alert, expr }) => [alert, expr] as const),
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ];
};

/** The labels and their values of each exported sample, by its name. */
type Exported = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

const readSamples = (text: string): Exported => {
  const samples = new Map<string, Map<string, Set<string>>>();
  for (const [, name = "", labels = ""] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = samples.get(name) ?? new Map<string, Set<string>>();
    samples.set(name, known);
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
  }
  return samples;
};

/** What a question asks for that is not exported. */
const unanswered = (expr: string, exported: Exported): readonly string[] => {
  const selectors = [...expr.matchAll(/\b((?:hotroute|kube)_\w+)(?:\{([^}]*)\})?/g)];
  const labelsOf = (name: string): readonly string[] => [...(exported.get(name)?.keys() ?? [])];
  const known = new Set([...targetLabels, ...selectors.flatMap(([, name = ""]) => labelsOf(name))]);
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
  const ungrouped = grouped.filter((label) => !known.has(label)).map((label) => `by (${label})`);
  const unmatched = selectors
    .filter(([, name = ""]) => !foreignMetric.test(name))
    .flatMap(([, name = "", matchers = ""]) => {
      const labels = exported.get(name);
      if (labels === undefined) return [name];
      return [...matchers.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)]
        .filter(([, label = "", operator, value = ""]) => {
          const values = labels.get(label);
          if (values === undefined) return !targetLabels.has(label);
          return operator === "=" && !values.has(value);
        })
        .map(([matcher]) => `${name}{${matcher}}`);
    });
  return [...ungrouped, ...unmatched];
};

describe("the alerts and the dashboard ask for what the programs export", { skip: skipWithoutNginx }, () => {
  let api: EmbeddedApiServer;
  let folder: string;
  let exported: Exported;
  const programs: RunningProgram[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hotroute-metrics-"));
    api = await startEmbeddedApiServer();
    await createService(api, { labels: exposed("shop.example.com") });
    const [configDir, runDir] = [join(folder, "conf.d"), join(folder, "run")];
    await mkdir(configDir);
    const environment = {
      KUBECONFIG: api.kubeconfigPath,
      CONFIG_DIR: configDir,
      RUN_DIR: runDir,
      TMPDIR: folder,
      ACCESS_LOG: "off",
      HTTP_LISTEN: `127.0.0.1:${await freePort()}`,
      NGINX_BIN: nginxBinaries[0]?.path ?? "",
      NGINX_VERSION: nginxBinaries[0]?.version ?? "",
      GENERATOR_LISTEN: "127.0.0.1:0",
      RELOADER_LISTEN: "127.0.0.1:0",
    };
    const reloader = startProgram("reloader", environment);
    programs.push(reloader);
    const generator = startProgram("generator", environment);
    programs.push(generator);
    const ports = [
      Number((await reloader.waitForLog("reloader started")).port),
      Number((await generator.waitForLog("watching Services")).port),
    ];
    const scrape = async (): Promise<Exported> => {
      const texts = ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      return readSamples((await Promise.all(texts)).join("\n"));
    };
    // Labels come with what they count: a revision that is live, an event, a watch that ended.
    await reloader.waitForLog("applied");
    await createService(api, { labels: exposed("blog.example.com") });
    await waitFor("an event", async () => (await scrape()).has("hotroute_events_total"));
    await api.stop();
    await waitFor("the watch to end", async () => {
      exported = await scrape();
      return exported.has("hotroute_watches_total") && exported.has("hotroute_nginx_connections");
    });
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("every metric, every label, every value", async () => {
    const wrong = (await questions()).flatMap(([where, expr]) =>
      unanswered(expr, exported).map((what) => `${where}: ${what}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("finds what is not exported", () => {
    assert.deepEqual(unanswered("hotroute_reload_total > 0", exported), ["hotroute_reload_total"]);
    assert.deepEqual(unanswered('hotroute_reloads_total{outcome="rejected"}', exported), [
      'hotroute_reloads_total{outcome="rejected"}',
    ]);
    assert.deepEqual(unanswered('hotroute_nginx_workers{state="drained"}', exported), [
      'hotroute_nginx_workers{state="drained"}',
    ]);
    assert.deepEqual(unanswered("sum by (namespace, revison) (hotroute_config_revision_info)", exported), [
      "by (revison)",
    ]);
  });
});
