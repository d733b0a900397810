import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { readService } from "../../src/routes/service.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { sourceFile } from "../support/program-file.ts";
import { makeFolder, runCommand, serviceYaml } from "./fixture.ts";

const host = "shop.example.com";
const shop = serviceYaml("shop", { host });

describe("hotroute render", () => {
  it("writes what the cluster would have", async () => {
    const object = {
      metadata: {
        namespace: "default",
        name: "shop",
        labels: { "hotroute.io/expose": "true" },
        annotations: { "hotroute.io/host": host },
      },
      spec: { clusterIP: "10.96.0.9", ports: [{ port: 80 }] },
    };
    const record = readService(object, "hotroute.io/");
    assert.ok(record !== null);
    const { text } = configure([record], readSettings({}, readRoutingSettings).configuration);
    const args = ["render", "--cluster-ip", "10.96.0.9"];
    assert.deepEqual(await runCommand(args, { stdin: shop }), { code: 0, stdout: text, stderr: "" });
    const json = JSON.stringify({ kind: "Service", apiVersion: "v1", ...object });
    assert.equal((await runCommand(["render", "-"], { stdin: json })).stdout, text);
  });

  it("gives the same bytes for any order and place of the files", async () => {
    const folder = makeFolder({ "a.yaml": shop, "b.yaml": serviceYaml("blog", { host: "blog.example.com" }) });
    const [one, two, both] = await Promise.all([
      runCommand(["render", "a.yaml", "b.yaml"], { cwd: folder }),
      runCommand(["render", "b.yaml", "a.yaml"], { cwd: folder }),
      runCommand(["render", folder]),
    ]);
    assert.match(one?.stdout ?? "", /server_name blog\.example\.com;/);
    assert.deepEqual([two?.stdout, both?.stdout], [one?.stdout, one?.stdout]);
  });

  it("tells problems on standard error, and exits 1 for them with --strict alone", async () => {
    const stdin = `${shop}---\n${serviceYaml("bad", { host: "bad host" })}`;
    const loose = await runCommand(["render", "-v"], { stdin });
    assert.equal(loose.code, 0);
    assert.match(loose.stdout, /server_name shop\.example\.com;/);
    assert.match(loose.stderr, /^<stdin>:19: Service default\/bad hotroute\.io\/host="bad host": expected /);
    assert.match(loose.stderr, /\nhotroute: 1 problem in 2 Services \(1 file, 1 route\)\n$/);
    const strict = await runCommand(["render", "--strict"], { stdin });
    assert.deepEqual([strict.code, strict.stdout], [1, ""]);
  });

  it("says what it skips with -v", async () => {
    const stdin = `${shop}---\nkind: Deployment\napiVersion: apps/v1\nmetadata: { name: x }\n`;
    const { stderr } = await runCommand(["render", "-v"], { stdin });
    assert.equal(stderr.split("\n")[0], "<stdin>:14: skipped: apps/v1 Deployment is no Service");
  });

  it("writes a file whole, and nothing where it cannot", async () => {
    const folder = makeFolder({ "a.yaml": shop });
    const written = await runCommand(["render", "--output", "out.conf", "a.yaml"], { cwd: folder });
    assert.deepEqual(written, { code: 0, stdout: "", stderr: "" });
    assert.match(
      readFileSync(join(folder, "out.conf"), "utf8"),
      /server_name shop\.example\.com;[\s\S]*# sha256:[0-9a-f]{64}\n$/,
    );
    const failed = await runCommand(["render", "--output", "absent/out.conf", "a.yaml"], { cwd: folder });
    assert.equal(failed.code, 2);
    assert.match(failed.stderr, /^hotroute: cannot write absent\/out\.conf: [^\n]*\n$/);
  });

  it("renders nothing from files of which one cannot be read", async () => {
    const folder = makeFolder({ "a.yaml": shop, "b.yaml": "a: [" });
    const { code, stdout, stderr } = await runCommand(["render", "--output", "out.conf", "."], { cwd: folder });
    assert.deepEqual([code, stdout, existsSync(join(folder, "out.conf"))], [2, "", false]);
    assert.match(stderr, /^b\.yaml:\d+:\d+: /);
  });

  it("uses a template of one's own, and says in one line what is wrong with one", async () => {
    const folder = makeFolder({
      "a.yaml": shop,
      "good.hbs": "# {{#each servers}}{{#each serverNames}}{{this}}{{/each}}{{/each}}\n",
      "bad.hbs": "# one\n{{#each servers}}\n",
    });
    const withTemplate = (name: string) =>
      runCommand(["render", "a.yaml"], { cwd: folder, environment: { TEMPLATE_FILE: join(folder, name) } });
    const good = await withTemplate("good.hbs");
    assert.equal(good.stdout.split("\n")[0], "# shop.example.com");
    const bad = await withTemplate("bad.hbs");
    assert.deepEqual([bad.code, bad.stdout], [2, ""]);
    assert.match(bad.stderr, /^hotroute: [^\n]*bad\.hbs[^\n]*\n$/);
    const absent = await withTemplate("absent.hbs");
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /^hotroute: bad settings: TEMPLATE_FILE="[^\n]*\n$/);
  });

  it("ends quietly when nobody reads on", async () => {
    const services = Array.from({ length: 2000 }, (_, index) => serviceYaml(`s${index}`, { host: `h${index}.test` }));
    const folder = makeFolder({ "a.yaml": services.join("---\n") });
    const script = join(import.meta.dirname, "../../src/cli/main.ts");
    const child = spawn(process.execPath, [script, "render", folder], { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("answers mistakes with one line and exit 2, and --help and --version with exit 0", async () => {
    const bad = await runCommand(["rendr"]);
    assert.deepEqual(bad, {
      code: 2,
      stdout: "",
      stderr: 'hotroute: no command "rendr"; did you mean render? (hotroute --help says what there is)\n',
    });
    const help = await runCommand(["--help"]);
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /hotroute render /);
    const version = await runCommand(["--version"], { program: sourceFile("hotroute") });
    assert.deepEqual(version, { code: 0, stdout: "hotroute development\n", stderr: "" });
  });
});

describe("hotroute render --check", { skip: skipWithoutNginx }, () => {
  for (const { path, version } of nginxBinaries) {
    it(`asks nginx ${version}, wherever it is to listen in the cluster`, async () => {
      // An address that this machine does not have, and a port that only root may open.
      const environment = { NGINX_BIN: path, HTTP_LISTEN: "192.0.2.1:80,[2001:db8::1]:80" };
      const { code, stdout, stderr } = await runCommand(["render", "--check"], { stdin: shop, environment });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /listen 192\.0\.2\.1:80 default_server;/);
    });

    it(`tells what nginx ${version} refuses, writes nothing and exits 1`, async () => {
      const folder = makeFolder({ "a.yaml": serviceYaml("a", { host, "backend-protocol": "HTTPS" }) });
      const environment = { NGINX_BIN: path, UPSTREAM_CA_FILE: join(folder, "absent.pem") };
      const args = ["render", "--check", "--output", "out.conf", "a.yaml"];
      const { code, stdout, stderr } = await runCommand(args, { cwd: folder, environment });
      assert.deepEqual([code, stdout, existsSync(join(folder, "out.conf"))], [1, "", false]);
      assert.match(stderr, /^hotroute: nginx -t refuses the configuration: .*absent\.pem/);
    });
  }

  it("says so when there is no nginx", async () => {
    const { code, stderr } = await runCommand(["render", "--check"], {
      stdin: shop,
      environment: { NGINX_BIN: "/absent/nginx" },
    });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^hotroute: --check needs nginx: spawn \/absent\/nginx ENOENT; install it, or set NGINX_BIN\n$/,
    );
  });
});
