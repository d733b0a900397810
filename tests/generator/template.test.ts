import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { checkFooter } from "../../src/contract/footer.ts";
import { apiServerKinds, createService, exposed, patchService } from "../support/api-servers.ts";
import { createConfigMapVolume, replaceFile } from "../support/config-map-volume.ts";
import { startProgram } from "../support/program.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { startGenerator as startRunningGenerator } from "./running-generator.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-generator-template-"));
after(() => rm(scratch, { recursive: true, force: true }));

// An interval that the deadlines of the tests do not reach: then it was the watch that told.
const neverMs = 3_600_000;
const partials = "{{> head}}\n{{> upstreams}}\n{{> defaultServer}}\n{{> servers}}\n";
const version = (name: string): string => `# version ${name}\n${partials}`;
const bad = "the template cannot be used, the last good one stands";

describe("TEMPLATE_FILE", () => {
  let server: TestApiServer;
  before(async () => {
    server = await (apiServerKinds[0]?.start() ?? assert.fail("no API server"));
    await createService(server, { name: "shop", labels: exposed("shop.example.com") });
  });
  after(() => server?.stop());

  const newTemplate = async (text: string): Promise<string> => {
    const path = join(await mkdtemp(join(scratch, "template-")), "site.hbs");
    await writeFile(path, text);
    return path;
  };

  const startGenerator = async (t: TestContext, template: string, compareIntervalMs = neverMs, found?: string) => {
    const folder = await mkdtemp(join(scratch, "case-"));
    const conf = join(folder, "conf.d");
    await mkdir(conf);
    if (found !== undefined) await writeFile(join(conf, "default.conf"), found);
    const generator = await startRunningGenerator(t, {
      kubeconfig: await readFile(server.kubeconfigPath, "utf8"),
      environment: { COMPARE_INTERVAL_MS: String(compareIntervalMs), TEMPLATE_FILE: template },
      folder,
    });
    return {
      ...generator,
      waitForText: (pattern: RegExp) =>
        waitFor(`default.conf to match ${pattern}`, async () => pattern.test(await generator.text())),
      warnings: () => generator.lines(bad),
      lastReloadSuccessful: () => generator.metric("hotroute_template_last_reload_successful"),
    };
  };

  it("is rendered from the start, and followed when it is replaced", async (t) => {
    const path = await newTemplate(version("one"));
    const generator = await startGenerator(t, path);
    await generator.waitForText(/^# version one\n[\s\S]*server_name shop\.example\.com;/);
    assert.equal(checkFooter(Buffer.from(await generator.text())), "whole");
    await replaceFile(path, version("two"));
    await generator.waitForText(/^# version two\n/);
    assert.equal(await generator.lastReloadSuccessful(), 1);
    assert.deepEqual(await generator.get("/readyz"), { status: 200, body: "ok\n" });
    assert.equal(await generator.program.stop(), 0);
  });

  it("is followed through the link of a ConfigMap volume", async (t) => {
    const volume = await createConfigMapVolume(scratch, "site.hbs", version("one"));
    const generator = await startGenerator(t, volume.path);
    await generator.waitForText(/^# version one\n/);
    await volume.update(version("two"));
    await generator.waitForText(/^# version two\n/);
    await volume.update(version("three"));
    await generator.waitForText(/^# version three\n/);
  });

  it("is compared now and then, and taken from a folder that is made anew", async (t) => {
    const path = await newTemplate(version("one"));
    const generator = await startGenerator(t, path, 100);
    await generator.waitForText(/^# version one\n/);
    await rm(join(path, ".."), { recursive: true });
    await generator.program.waitForLog(bad);
    await mkdir(join(path, ".."));
    await writeFile(path, version("two"));
    await generator.waitForText(/^# version two\n/);
    await waitFor("the metric to be well", async () => (await generator.lastReloadSuccessful()) === 1);
  });

  const mistakes: readonly (readonly [what: string, text: string, line: number | null, reason: RegExp])[] = [
    ["cannot be compiled", "\n{{#if listens}}", 2, /site\.hbs:2:\d+: syntax error: /],
    ["names an unknown helper", "x\n\n {{upper listens}}", 3, /site\.hbs:3:2: there is no helper "upper"$/],
    ["names a missing field", "x\n{{#each servers}}{{nmae}}{{/each}}", 2, /site\.hbs:2:\d+: there is no field "nmae"/],
    ["misuses a helper", "x\n{{join listens 3}}", 2, /site\.hbs:2:1: join: expected a list/],
    ["makes nothing", "{{#if false}}x{{/if}}", null, /site\.hbs: it makes an empty configuration$/],
    ["is too large", "x".repeat(1024 * 1024 + 1), null, /it is larger than 1048576 bytes$/],
  ];
  for (const [index, [what, text, line, reason]] of mistakes.entries()) {
    it(`that ${what} leaves the last good one in use, is said once, and is over when it is`, async (t) => {
      const path = await newTemplate(version("one"));
      const generator = await startGenerator(t, path, 100);
      await generator.waitForText(/^# version one\n/);
      await replaceFile(path, text);
      const entry = await generator.program.waitForLog(bad);
      assert.deepEqual([entry.level, entry.path, entry.line], ["warn", path, line]);
      assert.match(String(entry.reason), reason);
      assert.equal(await generator.lastReloadSuccessful(), 0);
      const ready = await generator.get("/readyz");
      assert.equal(ready.status, 200);
      assert.match(ready.body, reason.source.startsWith("site") ? /^ok\n.*site\.hbs/ : /^ok\n.*larger/);
      // What Services ask for meanwhile is served by the last good template.
      const host = `meanwhile-${index}.example.com`;
      await createService(server, { labels: exposed(host) });
      await generator.waitForText(new RegExp(`^# version one\\n[\\s\\S]*server_name ${host};`));
      assert.equal(generator.warnings().length, 1, "said once, whatever was compared and rendered since");
      await replaceFile(path, version("two"));
      await generator.waitForText(/^# version two\n/);
      await generator.program.waitForLog("the template is good again");
      assert.equal(await generator.lastReloadSuccessful(), 1);
      assert.deepEqual(await generator.get("/readyz"), { status: 200, body: "ok\n" });
    });
  }

  it("that fails for what a Service asks keeps the last configuration, until the Service asks otherwise", async (t) => {
    const path = await newTemplate(`${version("one")}{{#each originMaps}}{{nmae}}{{/each}}`);
    const generator = await startGenerator(t, path);
    await generator.waitForText(/^# version one\n/);
    await createService(server, {
      name: "asking",
      labels: exposed("asking.example.com"),
      annotations: { "hotroute.io/enable-cors": "true" },
    });
    await generator.program.waitForLog(bad);
    assert.doesNotMatch(await generator.text(), /asking/);
    assert.equal(await generator.lastReloadSuccessful(), 0);
    await patchService(server, "asking", { metadata: { annotations: { "hotroute.io/enable-cors": null } } });
    await generator.waitForText(/server_name asking\.example\.com;/);
    assert.equal(await generator.lastReloadSuccessful(), 1);
  });

  it("that is bad when the generator starts leaves what it found, and is ready with the reason", async (t) => {
    const path = await newTemplate("{{#if");
    const generator = await startGenerator(t, path, neverMs, "# found\n");
    await generator.program.waitForLog(bad);
    const ready = await waitFor("readiness", async () => {
      const answer = await generator.get("/readyz");
      return answer.status === 200 && answer;
    });
    assert.match(ready.body, /^ok\n.*site\.hbs:1:\d+: syntax error/);
    assert.equal(await generator.text(), "# found\n");
    await replaceFile(path, version("two"));
    await generator.waitForText(/^# version two\n/);
  });

  it("that is bad when the generator starts with nothing to serve is not ready, and says why", async (t) => {
    const path = await newTemplate("{{#if");
    const generator = await startGenerator(t, path);
    const answer = await waitFor("the reason", async () => {
      const { status, body } = await generator.get("/readyz");
      return /syntax error/.test(body) && { status, body };
    });
    assert.equal(answer.status, 503);
    assert.equal(await generator.text(), "");
  });

  for (const name of ["init", "generator"] as const) {
    it(`that cannot be read ends ${name} with 2, like any bad setting`, async () => {
      for (const path of [join(scratch, "absent.hbs"), scratch]) {
        const program = startProgram(name, {
          KUBECONFIG: server.kubeconfigPath,
          CONFIG_DIR: await mkdtemp(join(scratch, "case-")),
          TEMPLATE_FILE: path,
          CLASS: "No Class",
        });
        assert.equal(await program.ended, 2);
        assert.match(
          program.stderr(),
          /bad settings: CLASS=.*TEMPLATE_FILE=.*expected a Handlebars template.*\n$|TEMPLATE_FILE=.*CLASS=/,
        );
      }
    });
  }

  it("serves init, and ends it with 1 and the place where it is bad", async () => {
    const runInit = async (text: string) => {
      const conf = await mkdtemp(join(scratch, "case-"));
      const path = await newTemplate(text);
      const environment = { KUBECONFIG: server.kubeconfigPath, CONFIG_DIR: conf, TEMPLATE_FILE: path };
      const program = startProgram("init", environment);
      const code = await program.ended;
      return {
        code,
        path,
        stderr: program.stderr(),
        text: await readFile(join(conf, "default.conf"), "utf8").catch(() => null),
      };
    };
    const good = await runInit(version("one"));
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.text ?? "", /^# version one\n[\s\S]*server_name shop\.example\.com;/);
    for (const text of ["x\n  {{upper 1}}", "x\n  {{nmae}}"]) {
      const failed = await runInit(text);
      assert.equal(failed.code, 1);
      assert.match(
        failed.stderr,
        /^hotroute init: \/.*site\.hbs:2:[35]: there is no (?:helper "upper"|field "nmae" here)\n$/,
      );
      assert.equal(failed.text, null, "nothing is written");
    }
  });
});
