import assert from "node:assert/strict";
import { readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { sha256Hex } from "../../src/reloader/revision.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";
import { withFooter } from "../support/footer.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { isApplied, onStage, serverText } from "./fixture.ts";

describe("the way of a configuration", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 5 }, () => {
      it("a good change goes live, and status.json says so", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "one"));
          const reloader = await stage.start();
          await stage.waitForBody("one");
          const first = await stage.waitForStatus("applied", isApplied);
          await stage.publish(serverText(stage.port, "two"));
          const second = await stage.waitForStatus("another applied", (s) => isApplied(s) && s.live !== first.live);
          assert.equal(await stage.body(), "two", "applied means that it is served");
          assert.deepEqual(
            { ...second.files },
            { "default.conf": sha256Hex(withFooter(serverText(stage.port, "two"))) },
          );
          const { testedMs, firstMs, settledMs, attempts, message, at } = second;
          assert.ok(testedMs !== null && firstMs !== null && settledMs !== null);
          assert.ok(testedMs > 0 && firstMs > 0 && settledMs >= firstMs);
          assert.deepEqual({ attempts, message, at }, { attempts: 1, message: "", at: null });
          assert.equal((await reloader.ask("/readyz")).status, 200);
          assert.equal((await reloader.ask("/healthz")).status, 200);
          assert.equal(await reloader.metric('hotroute_reloads_total{result="applied"}'), 2);
          assert.equal(await reloader.metric(`hotroute_config_revision_info{revision="${second.live}"}`), 1);
          assert.equal(await reloader.metric('hotroute_reload_duration_seconds_count{phase="verify"}'), 2);
        }));

      it("row 1: a syntax error is rejected with nginx's words, the old configuration serves, a correction is taken at once", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "good"));
          const reloader = await stage.start();
          const { live } = await stage.waitForStatus("applied", isApplied);
          await stage.publish(`${serverText(stage.port, "bad")}no_such_directive on;\n`);
          const refused = await stage.waitForStatus("rejected", (status) => status.state === "rejected");
          assert.equal(refused.live, live);
          assert.notEqual(refused.wanted, live);
          assert.match(refused.message, /unknown directive "no_such_directive"/);
          assert.ok(refused.message.includes(`${stage.file}:5`), refused.message);
          assert.deepEqual(refused.at, { file: "default.conf", line: 5 });
          assert.equal(refused.firstMs, null);
          assert.equal(await stage.body(), "good");
          assert.equal((await reloader.ask("/readyz")).status, 200, "what is live is ready");
          assert.equal(await reloader.metric('hotroute_reloads_total{result="rejected"}'), 1);
          assert.equal(await reloader.metric("hotroute_reload_last_successful"), 0);
          await stage.publish(serverText(stage.port, "corrected"));
          await stage.waitForBody("corrected");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 1: a rejected revision is tried again after 5 s, since the cause may lie outside the files", () =>
        onStage(nginx, async (stage) => {
          const outside = join(stage.configDir, "..", "outside.inc");
          await stage.publish(`include ${outside};\n${serverText(stage.port, "late")}`);
          await stage.start();
          await stage.waitForStatus("rejected", (status) => status.state === "rejected" && status.attempts === 1);
          await writeFile(outside, "# here now\n");
          await stage.waitForBody("late");
          assert.equal((await stage.waitForStatus("applied", isApplied)).attempts, 2);
        }));

      it("row 2: a configuration without listeners is refused, and named", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "still here"));
          await stage.start();
          await stage.waitForStatus("applied", isApplied);
          await stage.publish("# nothing\n");
          const refused = await stage.waitForStatus("rejected", (status) => status.state === "rejected");
          assert.match(refused.message, new RegExp(`it would close 127.0.0.1:${stage.port}; set ALLOW_EMPTY=true`));
          assert.equal(await stage.body(), "still here");
        }));

      it("row 2: ALLOW_EMPTY=true lets it through", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "going"));
          await stage.start({ ALLOW_EMPTY: "true" });
          await stage.waitForBody("going");
          await stage.publish("# nothing\n");
          await waitFor("the listener to close", async () => (await stage.body()) === null);
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 2: what the generator writes when no Service is routed goes live: it has the default server", () =>
        onStage(nginx, async (stage) => {
          const environment = {
            HTTP_LISTEN: `127.0.0.1:${stage.port}`,
            ACCESS_LOG: "off",
            NGINX_VERSION: nginx.version,
          };
          await writeFile(stage.file, configure([], readSettings(environment, readRoutingSettings).configuration).text);
          await stage.start();
          await stage.waitForStatus("applied", isApplied);
          assert.ok((await stage.body()) !== null, "it answers");
        }));

      it("row 2: listeners in included files count", () =>
        onStage(nginx, async (stage) => {
          const outside = join(stage.configDir, "..", "sites.inc");
          await writeFile(outside, serverText(stage.port, "included"));
          await stage.publish(`include ${outside};\n`);
          await stage.start();
          await stage.waitForBody("included");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 3: the file is deleted: the old configuration serves", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "kept"));
          const reloader = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          await rm(stage.file);
          const refused = await stage.waitForStatus("rejected", (status) => status.state === "rejected");
          assert.match(refused.message, /no \*\.conf file/);
          assert.equal(await stage.body(), "kept");
          await reloader.waitForLog("refused: correct the file; what is live stays");
        }));

      it("row 9: changes while a reload runs cost one more reload, and the last one wins", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "0"));
          const reloader = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          for (let count = 1; count <= 50; count += 1) await stage.publish(serverText(stage.port, `${count}`));
          await stage.waitForBody("50");
          await stage.waitForStatus("applied", isApplied);
          const reloads = await reloader.metric('hotroute_reloads_total{result="applied"}');
          // The first start, and what a bucket of 3 that fills by one a second can give in the time this took.
          assert.ok(reloads !== null && reloads >= 2 && reloads <= 6, `${reloads} reloads for 50 changes`);
        }));

      it("row 11: bad, then back to the good one: healthy again without a reload", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "same"));
          const reloader = await stage.start();
          const { live } = await stage.waitForStatus("applied", isApplied);
          await stage.publish("bad\n");
          await stage.waitForStatus("rejected", (status) => status.state === "rejected");
          await stage.publish(serverText(stage.port, "same"));
          const again = await stage.waitForStatus("applied again", isApplied);
          assert.equal(again.live, live);
          assert.equal(await reloader.metric('hotroute_reloads_total{result="applied"}'), 1);
          assert.equal(await reloader.metric("hotroute_reload_last_successful"), 1);
        }));

      it("a hand edit in place, and a second file, are taken; hidden files and editors' leavings are not served", () =>
        onStage(nginx, async (stage) => {
          await writeFile(stage.file, serverText(stage.port, "by hand"));
          await stage.start();
          await stage.waitForBody("by hand");
          await writeFile(stage.file, serverText(stage.port, "by hand again"));
          await stage.waitForBody("by hand again");
          await writeFile(join(stage.configDir, ".default.conf.swp"), "junk {");
          await writeFile(join(stage.configDir, "default.conf~"), "junk {");
          await writeFile(join(stage.configDir, "extra.conf"), "map $uri $extra { default 1; }\n");
          const status = await stage.waitForStatus(
            "three files",
            (s) => isApplied(s) && Object.keys(s.files).length === 3,
          );
          assert.deepEqual(Object.keys(status.files).sort(), ["default.conf", "default.conf~", "extra.conf"]);
          const release = await readlink(join(stage.runDir, "live.conf"));
          const copies = await readdir(join(stage.runDir, release, "..", "conf.d"));
          assert.deepEqual(copies.sort(), ["default.conf", "extra.conf"]);
        }));

      it("keeps the last releases and no more", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "0"));
          await stage.start({ RELOAD_BURST: "100" });
          for (let count = 1; count <= 6; count += 1) {
            await stage.publish(serverText(stage.port, `${count}`));
            await stage.waitForBody(`${count}`);
          }
          await stage.waitForStatus("applied", isApplied);
          const releases = join(stage.runDir, "releases");
          await waitFor("three releases", async () => (await readdir(releases)).length === 3);
          assert.ok(
            (await readlink(join(stage.runDir, "verified.conf"))).includes((await stage.readStatus())?.live ?? "-"),
          );
          assert.match(await readFile(join(stage.runDir, "live.conf"), "utf8"), /^# Made by hotroute/);
        }));
    });
  }
});
