import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseStatus } from "../../src/contract/status.ts";
import { eventsOf } from "../generator/events-fixture.ts";
import { apiServerKindsByNight, createService, deleteService, exposed, patchService } from "../support/api-servers.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { makePodSurroundings, type PodSurroundings } from "../support/pod-surroundings.ts";
import { freePort } from "../support/ports.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";

// No annotation can make nginx refuse what the built-in template makes of it; a template of one's own can be at fault for
// one Service alone. Here `/bad` is refused at a line within its location, `/hidden` at a line that is nobody's.
const template = `{{> head}}
{{> upstreams}}
{{> defaultServer}}
{{#each servers}}

server {
{{#each ../listens}}
    listen {{this}};
{{/each}}
{{#each serverNames}}
    server_name {{this}};
{{/each}}
{{#each locations}}
    location {{pattern}} {
{{#if (eq path "/bad/")}}
        not_a_directive on;
{{/if}}
{{#each directives}}
        {{this}}
{{/each}}
    }
{{/each}}
}
{{/each}}
{{#each servers}}{{#each locations}}{{#if (eq path "/hidden/")}}
nobodys_directive on;
{{/if}}{{/each}}{{/each}}
`;

const [nginx] = nginxBinaries;
const names = Array.from({ length: 8 }, (_, index) => `app-${index}`);
const hostOf = (name: string): string => `${name}.example.com`;

for (const kind of apiServerKindsByNight) {
  describe(`quarantine, ${kind.kind}`, { skip: kind.skip || (nginx === undefined ? "no nginx" : false) }, () => {
    let folder: string;
    let server: TestApiServer;
    let generator: RunningProgram;
    let reloader: RunningProgram;
    let environment: PodSurroundings["environment"];
    let port: number;
    let metricsPort: number;
    const backends: Backend[] = [];

    const answer = async (host: string, path = "/"): Promise<string> => {
      const { status, body } = await get({ port, host, path });
      return status === 200 ? body : String(status);
    };
    const waitForAnswer = (host: string, wanted: string, path = "/") =>
      waitFor(`${host}${path} to be answered by ${wanted}`, async () => (await answer(host, path)) === wanted);
    const annotate = (name: string, annotations: Readonly<Record<string, string | null>>): Promise<void> =>
      patchService(server, name, {
        metadata: {
          annotations: Object.fromEntries(Object.entries(annotations).map(([key, at]) => [`hotroute.io/${key}`, at])),
        },
      });
    const ask = (path: string) => get({ port: metricsPort, host: "127.0.0.1", path });
    const waitForQuarantined = (count: number) =>
      waitFor(`${count} quarantined Services`, async () =>
        (await ask("/metrics")).body.includes(`\nhotroute_quarantined_services ${count}\n`),
      );
    const quarantineNote = (name: string): Promise<string> =>
      waitFor(`the Event of ${name}`, async () => {
        const found = (await eventsOf(server, name)).findLast(({ reason }) => reason === "Quarantined");
        return found?.note ?? null;
      });
    const startGenerator = async (): Promise<void> => {
      metricsPort = await freePort();
      generator = startProgram("generator", { ...environment, GENERATOR_LISTEN: `127.0.0.1:${metricsPort}` });
    };
    const waitForApplied = () =>
      waitFor("an applied status", async () => {
        const status = parseStatus(await readFile(join(folder, "run", "status.json"), "utf8"));
        return status?.state === "applied";
      });

    const startPod = async (): Promise<void> => {
      const init = startProgram("init", environment);
      assert.equal(await init.ended, 0, init.stderr());
      reloader = startProgram("reloader", environment);
      await startGenerator();
    };

    before(async () => {
      assert.ok(nginx !== undefined);
      server = await kind.start();
      ({ folder, port, environment } = await makePodSurroundings(nginx, server.kubeconfigPath, {
        RELOAD_INTERVAL_MS: "100",
      }));
      environment = { ...environment, TEMPLATE_FILE: join(folder, "site.hbs") };
      for (const name of names) {
        const { clusterIP } = await createService(server, { name, labels: exposed(hostOf(name)) });
        backends.push(await startBackend(name, clusterIP, 8000));
      }
      await writeFile(join(folder, "site.hbs"), template);
      await startPod();
      await waitForAnswer(hostOf("app-0"), "app-0");
      await waitForApplied();
    });
    after(async () => {
      await generator?.stop();
      await reloader?.stop();
      for (const backend of backends) await backend.stop();
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it("row 30: the Service of the line that nginx names stays as it was, and everything else goes live", async () => {
      await Promise.all([annotate("app-1", { path: "/bad" }), annotate("app-2", { host: "moved.example.com" })]);
      await waitForAnswer("moved.example.com", "app-2");
      assert.equal(await answer(hostOf("app-1")), "app-1", "served as it was");
      assert.match(await quarantineNote("app-1"), /unknown directive "not_a_directive".*routed as it was before/);
      await waitForQuarantined(1);
      assert.equal((await eventsOf(server, "app-2")).filter(({ reason }) => reason === "Quarantined").length, 0);
      const { note } = (await eventsOf(server, "app-1")).find(({ reason }) => reason === "Quarantined") ?? {};
      assert.doesNotMatch(
        note ?? "",
        /default\.conf/,
        "the owner is not sent to a file that only nginx's container has",
      );
    });

    it("row 30: a generator that is killed holds it still, and asks nothing of nginx", async () => {
      const before = await readFile(join(folder, "conf.d", "default.conf"), "utf8");
      const rejected = reloader.log().filter(({ level }) => level === "warn").length;
      generator.child.kill("SIGKILL");
      await generator.ended;
      await startGenerator();
      await waitForQuarantined(1);
      await waitFor("the generator to be ready", async () => (await ask("/readyz")).status === 200);
      assert.equal(await readFile(join(folder, "conf.d", "default.conf"), "utf8"), before);
      assert.equal(reloader.log().filter(({ level }) => level === "warn").length, rejected);
      assert.equal(await answer(hostOf("app-1")), "app-1");
    });

    it("row 30: it is tried again when its Service changes", async () => {
      await annotate("app-1", { path: "/good" });
      await waitForAnswer(hostOf("app-1"), "app-1", "/good");
      await waitForAnswer(hostOf("app-1"), "404");
      await waitForQuarantined(0);
    });

    it("row 30: one that was never served is left out", async () => {
      const { clusterIP } = await createService(server, {
        name: "fresh",
        labels: exposed("fresh.example.com"),
        annotations: { "hotroute.io/path": "/bad" },
      });
      backends.push(await startBackend("fresh", clusterIP, 8000));
      assert.match(await quarantineNote("fresh"), /not routed/);
      await annotate("app-3", { host: "beside.example.com" });
      await waitForAnswer("beside.example.com", "app-3");
      assert.equal(await answer("fresh.example.com", "/bad/"), "404");
      await deleteService(server, "fresh");
      await waitForQuarantined(0);
    });

    it("row 30: where nginx's line is nobody's, the one of several changed is found, and the others go live", async () => {
      const innocent = ["app-3", "app-4", "app-5", "app-7"];
      await Promise.all([
        ...innocent.map((name) => annotate(name, { host: `new-${name}.example.com` })),
        annotate("app-6", { path: "/hidden" }),
      ]);
      for (const name of innocent) await waitForAnswer(`new-${name}.example.com`, name);
      assert.match(await quarantineNote("app-6"), /unknown directive "nobodys_directive"/);
      await waitForQuarantined(1);
      assert.equal(await answer(hostOf("app-6")), "app-6", "served as it was");
      for (const name of innocent) {
        const told = (await eventsOf(server, name)).filter(({ reason }) => reason === "Quarantined");
        assert.equal(told.length, 0, `${name} is innocent`);
      }
    });

    it("row 30: a route of a held Service yields to one who has come to claim it since", async () => {
      const { clusterIP } = await createService(server, { name: "newcomer", labels: exposed(hostOf("app-6")) });
      backends.push(await startBackend("newcomer", clusterIP, 8000));
      await waitForAnswer(hostOf("app-6"), "newcomer");
      await annotate("app-6", { path: null });
      await waitForAnswer(hostOf("app-6"), "app-6");
      await waitForQuarantined(0);
    });

    it("row 30: a template that nginx refuses is not used, and Services go on changing by the last good one", async () => {
      await waitForApplied();
      await writeFile(join(folder, "site.hbs"), `${template}\nstill_not_a_directive on;\n`);
      await generator.waitForLog("the template cannot be used, the last good one stands");
      await annotate("app-7", { host: "by-the-old.example.com" });
      await waitForAnswer("by-the-old.example.com", "app-7");
      const { status, body } = await ask("/readyz");
      assert.equal(status, 200);
      assert.match(body, /site\.hbs: nginx refuses what it makes: unknown directive "still_not_a_directive"/);
      await writeFile(join(folder, "site.hbs"), `${template}\n# mended\n`);
      await generator.waitForLog("the template is good again");
      await waitFor("the mended template's text", async () =>
        (await readFile(join(folder, "conf.d", "default.conf"), "utf8")).includes("# mended"),
      );
      await waitForApplied();
      await waitForQuarantined(0);
    });

    it("row 30: a Pod that starts with a Service that nginx refuses serves all others", async () => {
      await generator.stop();
      await reloader.stop();
      for (const name of ["conf.d", "run"]) {
        await rm(join(folder, name), { recursive: true });
        await mkdir(join(folder, name));
      }
      await annotate("app-4", { path: "/hidden" });
      await annotate("app-1", { path: "/bad" });
      await startPod();
      await waitForAnswer(hostOf("app-0"), "app-0");
      await waitForAnswer("by-the-old.example.com", "app-7");
      await waitForQuarantined(2);
      assert.equal(await answer("new-app-4.example.com", "/hidden"), "404");
      await annotate("app-1", { path: null });
      await annotate("app-4", { path: null });
      await waitForAnswer(hostOf("app-1"), "app-1");
      await waitForAnswer("new-app-4.example.com", "app-4");
    });
  });
}
