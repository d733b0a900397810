import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connectionLimits } from "../../src/reloader/main-conf.ts";
import { parseStubStatus } from "../../src/reloader/metrics.ts";
import { parseNginxVersion, probeNginx } from "../../src/reloader/nginx-binary.ts";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { isApplied, onStage, serverText } from "./fixture.ts";

describe("probeNginx()", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    it(`finds out what nginx ${nginx.version} has`, async () => {
      const probed = await probeNginx(nginx.path, ["/usr/bin", "/bin"]);
      assert.equal(probed.version, nginx.version);
      assert.equal(probed.path, nginx.path);
      // The truth is what nginx says of a configuration that has the directive.
      const folder = await mkdtemp(join(tmpdir(), "hotroute-probe-"));
      try {
        const accepts = async (directive: string): Promise<boolean> => {
          const path = join(folder, "nginx.conf");
          const http = `access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;`;
          await writeFile(path, `pid ${folder}/pid; events {} http { ${http} ${directive} }\n`);
          const { stderr } = spawnSync(nginx.path, ["-t", "-e", "stderr", "-c", path], { encoding: "utf8" });
          return !/unknown directive/.test(stderr);
        };
        assert.equal(probed.hasKeepaliveMinTimeout, await accepts("keepalive_min_timeout 5s;"));
        assert.equal(probed.hasStubStatus, await accepts("server { location / { stub_status; } }"));
        assert.equal(probed.hasRealip, await accepts("real_ip_header X-Real-IP;"));
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});

describe("parseNginxVersion()", () => {
  const version = (text: string) => parseNginxVersion(text)?.hasKeepaliveMinTimeout;
  it("knows from which version on keepalive_min_timeout exists", () => {
    assert.equal(version("nginx version: nginx/1.27.3"), false);
    assert.equal(version("nginx version: nginx/1.27.4"), true);
    assert.equal(version("nginx version: nginx/1.9.15 (Ubuntu)"), false);
    assert.equal(version("nginx version: openresty/1.27.1.2"), false);
    assert.equal(version("nginx version: nginx/2.0.0"), true);
  });
  it("is not deceived by another program", () => {
    assert.equal(parseNginxVersion("GNU bash, version 5.2"), null);
  });
});

describe("connectionLimits()", () => {
  it("stays within what a process may open", () => {
    assert.deepEqual(connectionLimits(1024), { descriptors: 1024, workerConnections: 960 });
    assert.deepEqual(connectionLimits(1_073_741_816), { descriptors: 16384, workerConnections: 8192 });
  });
});

describe("parseStubStatus()", () => {
  it("reads nginx's page", () => {
    const page =
      "Active connections: 2 \nserver accepts handled requests\n 9 8 31 \nReading: 0 Writing: 1 Waiting: 1 \n";
    assert.deepEqual(parseStubStatus(page), {
      active: 2,
      accepted: 9,
      handled: 8,
      requests: 31,
      reading: 0,
      writing: 1,
      waiting: 1,
    });
  });
  it("refuses anything else", () => {
    assert.equal(parseStubStatus("<html>"), null);
  });
});

describe("nginx.conf", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 3 }, () => {
      it("leaves to the files beside it what they set at http level", () =>
        onStage(nginx, async (stage) => {
          const log = join(stage.configDir, "..", "access.log");
          await stage.publish(
            `log_format own "seen $uri";
access_log ${log} own;
server_names_hash_bucket_size 320;
server_names_hash_max_size 4096;
map_hash_bucket_size 256;
variables_hash_max_size 4096;
proxy_http_version 1.1;
client_max_body_size 8m;
gzip on;
keepalive_timeout 30s;
map $uri $x { default y; }
upstream u { server 127.0.0.1:1; keepalive 4; }
${serverText(stage.port, "here")}`,
          );
          await stage.start();
          await stage.waitForBody("here");
          // nginx logs a request after it has answered.
          await waitFor("the request in the log", async () => /^seen \/$/m.test(await readFile(log, "utf8")));
        }));

      it("gives nginx's own numbers as metrics", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "counted"));
          const reloader = await stage.start({ WORKERS: "2" });
          await stage.waitForStatus("applied", isApplied);
          const requests = "hotroute_nginx_requests_total";
          const before = await reloader.waitForMetric(requests, (value) => value > 0);
          for (let count = 0; count < 5; count += 1) await stage.body();
          await reloader.waitForMetric(requests, (value) => value >= before + 5);
          await reloader.waitForMetric('hotroute_nginx_connections{state="active"}', (value) => value >= 1);
          await reloader.waitForMetric('hotroute_nginx_workers{state="active"}', (value) => value === 2);
          const { body } = await reloader.ask("/metrics");
          const names = [...body.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
          assert.deepEqual(names.sort(), [
            "hotroute_config_changes_total",
            "hotroute_config_revision_info",
            "hotroute_nginx_connections",
            "hotroute_nginx_connections_accepted_total",
            "hotroute_nginx_connections_handled_total",
            "hotroute_nginx_draining_generations",
            "hotroute_nginx_draining_memory_bytes",
            "hotroute_nginx_draining_oldest_seconds",
            "hotroute_nginx_requests_total",
            "hotroute_nginx_up",
            "hotroute_nginx_workers",
            "hotroute_nginx_workers_lost_total",
            "hotroute_reload_duration_seconds",
            "hotroute_reload_last_success_timestamp_seconds",
            "hotroute_reload_last_successful",
            "hotroute_reloader_state",
            "hotroute_reloads_total",
            "hotroute_watch_errors_total",
            "hotroute_watch_missed_total",
          ]);
        }));

      it("keeps a counter where it was while nginx does not answer", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "counted"));
          const reloader = await stage.start({ WORKERS: "1" });
          await stage.waitForStatus("applied", isApplied);
          const requests = "hotroute_nginx_requests_total";
          const before = await reloader.waitForMetric(requests, (value) => value > 0);
          const [worker] = await nginxChildren(await stage.masterPid());
          assert.ok(worker);
          process.kill(worker.pid, "SIGSTOP");
          try {
            assert.equal(await reloader.metric('hotroute_nginx_connections{state="active"}'), null, "it does answer");
            assert.ok(((await reloader.metric(requests)) ?? 0) >= before);
          } finally {
            process.kill(worker.pid, "SIGCONT");
          }
        }));

      it("can be a template of the user's, taken anew when it changes, refused with its fault when it is broken", () =>
        onStage(nginx, async (stage) => {
          const template = join(stage.configDir, "..", "nginx.conf.hbs");
          const text = (header: string, more = ""): string => `worker_processes {{workers}};
pid "{{pid}}";
error_log "{{reasons}}" emerg;
events { worker_connections 256; }
http {
  access_log off;
  add_header X-Template "${header}";
  client_body_temp_path "{{tempDir}}/b"; proxy_temp_path "{{tempDir}}/p"; fastcgi_temp_path "{{tempDir}}/f";
  uwsgi_temp_path "{{tempDir}}/u"; scgi_temp_path "{{tempDir}}/s";
  server { listen "unix:{{socket}}"; location = /revision { return 200 "{{revision}}"; } }
  include "{{confDir}}/*.conf";
  ${more}
}
`;
          const header = async (): Promise<string | null> =>
            (await fetch(`http://127.0.0.1:${stage.port}/`)).headers.get("x-template");
          await writeFile(template, text("one"));
          await stage.publish(serverText(stage.port, "templated"));
          await stage.start({ MAIN_TEMPLATE_FILE: template, WORKERS: "1" });
          const first = await stage.waitForStatus("applied", isApplied);
          assert.equal(await header(), "one");
          await writeFile(template, text("two"));
          const second = await stage.waitForStatus(
            "another",
            (status) => isApplied(status) && status.live !== first.live,
          );
          assert.equal(await header(), "two");
          await writeFile(template, text("three", "{{nothing}}"));
          const broken = await stage.waitForStatus("broken", ({ wanted }) => wanted === null);
          assert.match(broken.message, /^MAIN_TEMPLATE_FILE .*nginx\.conf\.hbs: "nothing" not defined/);
          assert.equal(broken.live, second.live);
          await writeFile(template, text("four", "no_such_directive;"));
          const refused = await stage.waitForStatus("rejected", ({ state }) => state === "rejected");
          assert.equal(refused.at, null, "not in the configuration directory");
          assert.equal(await header(), "two");
          await writeFile(template, text("five"));
          await stage.waitForStatus("applied", isApplied);
          assert.equal(await header(), "five");
        }));

      it("keeps nginx's temporary files in a folder of its own, and removes it", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "temporary"));
          const reloader = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          const root = join(stage.configDir, "..");
          const ours = async () => (await readdir(root)).filter((name) => name.startsWith("hotroute-nginx-"));
          const [folder = ""] = await ours();
          assert.ok((await readdir(join(root, folder))).includes("proxy"));
          assert.equal(await reloader.stop(), 0);
          assert.deepEqual(await ours(), []);
        }));
    });
  }
});
