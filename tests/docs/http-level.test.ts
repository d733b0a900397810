import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { loadMainTemplate, type MainConf } from "../../src/reloader/main-conf.ts";
import { isNginxAtLeast, type NginxUnderTest, nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { readPage } from "./page.ts";
import { options, readManifests, readServices } from "./services.ts";

const page = readPage("migrating.md");
const template = /```handlebars\n([\s\S]*?)```/.exec(page.text)?.[1] ?? "";
const services = page.yaml.map(readManifests).flatMap(readServices);

const mainConf = (nginx: NginxUnderTest, folder: string): MainConf => ({
  revision: "0".repeat(64),
  confDir: join(folder, "conf.d"),
  socket: join(folder, "nginx.sock"),
  pid: join(folder, "nginx.pid"),
  reasons: join(folder, "reasons.log"),
  tempDir: folder,
  workers: 1,
  workerConnections: 64,
  descriptors: 256,
  workerShutdownTimeout: "60s",
  keepaliveMinTimeout: isNginxAtLeast(nginx, "1.27.4") ? "5s" : null,
  hasStubStatus: true,
});

/** What `nginx -t` says of the page's template around the configuration of the page's examples. */
const testTemplate = async (nginx: NginxUnderTest, source: string): Promise<{ code: number; stderr: string }> => {
  const folder = mkdtempSync(join(tmpdir(), "hotroute-docs-"));
  try {
    mkdirSync(join(folder, "conf.d"));
    const { text } = configure(services, { ...options, accessLog: "off" });
    writeFileSync(join(folder, "conf.d/default.conf"), text);
    writeFileSync(join(folder, "nginx.conf.hbs"), source);
    const render = await loadMainTemplate(join(folder, "nginx.conf.hbs"));
    writeFileSync(join(folder, "nginx.conf"), render(mainConf(nginx, folder)));
    const { status, stderr } = spawnSync(nginx.path, ["-t", "-e", "stderr", "-c", join(folder, "nginx.conf")], {
      encoding: "utf8",
    });
    return { code: status ?? 1, stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

describe("the template of docs/migrating.md", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    it(`passes nginx -t without a warning on nginx ${nginx.version}, around the page's examples`, async () => {
      assert.match(template, /gzip on;/);
      const { code, stderr } = await testTemplate(nginx, template);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /\[(?:warn|emerg|alert|crit|error)\]/);
    });

    for (const directive of ["proxy_connect_timeout 5s;", "proxy_http_version 1.1;"]) {
      it(`is refused with ${directive} as the page says, on nginx ${nginx.version}`, async () => {
        const { code, stderr } = await testTemplate(nginx, template.replace("gzip on;", `gzip on; ${directive}`));
        assert.equal(code, 1);
        assert.match(stderr, /directive is duplicate/);
      });
    }

    it(`needs proxy_buffers beside proxy_buffer_size, as the page says, on nginx ${nginx.version}`, async () => {
      const { code, stderr } = await testTemplate(nginx, template.replace(/proxy_buffers .*\n/, "\n"));
      assert.equal(code, 1);
      assert.match(stderr, /proxy_busy_buffers_size/);
    });
  }
});
