import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatReport } from "../../src/cli/report.ts";
import { waitFor } from "../support/wait.ts";
import { makeFolder, runCommand, serviceYaml } from "./fixture.ts";

const host = "shop.example.com";

describe("hotroute lint", () => {
  it("names file and line of each bad key, annotation or label, and exits 1", async () => {
    const text = serviceYaml("shop", { host: "shop.example.com:80", path: "/a", "proxy-body-size": "8 MB" });
    const folder = makeFolder({
      "k8s/shop.yaml": text,
      "k8s/label.yaml": serviceYaml("label", { path: "/b" }).replace(
        "  annotations",
        "    hotroute.io/port: htpp\n  annotations",
      ),
      "k8s/none.yaml": serviceYaml("none", { path: "/c" }, "clusterIP: None"),
    });
    const { code, stdout, stderr } = await runCommand(["lint", "k8s"], { cwd: folder });
    assert.equal(code, 1);
    assert.deepEqual(
      stdout.split("\n").map((line) => line.replace(/: (?:expected|a headless).*/, "")),
      [
        'k8s/label.yaml:7: Service default/label hotroute.io/port="htpp"',
        "k8s/none.yaml:4: Service default/none",
        'k8s/shop.yaml:8: Service default/shop hotroute.io/host="shop.example.com:80"',
        'k8s/shop.yaml:10: Service default/shop hotroute.io/proxy-body-size="8 MB"',
        "",
      ],
    );
    assert.match(stderr, /^hotroute: 4 problems in 3 Services \(3 files, \d routes?\)\n$/);
  });

  it("says nothing but a summary where nothing is wrong, and exits 0", async () => {
    const result = await runCommand(["lint"], { stdin: serviceYaml("shop", { host }) });
    assert.deepEqual(result, { code: 0, stdout: "", stderr: "hotroute: no problem in 1 Service (1 file, 1 route)\n" });
  });

  it("waits for a slow writer, on a pipe that does not block either", async () => {
    const text = serviceYaml("shop", { host });
    const script = join(import.meta.dirname, "../../src/cli/main.ts");
    // Killed, it cannot take back that it made the pipe that both share non-blocking.
    const unblock = "process.stdin.on('readable', () => {}); process.kill(process.pid, 'SIGKILL')";
    const command = `"$0" -e "${unblock}"; exec "$0" "$1" lint`;
    const child = spawn("sh", ["-c", command, process.execPath, script], { stdio: ["pipe", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const cpuTicks = (): number => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      return Number(fields[11]) + Number(fields[12]);
    };
    const isRunning = (): boolean => readFileSync(`/proc/${child.pid}/cmdline`, "utf8").includes("main.ts");
    await waitFor("the command to run", isRunning);
    // Once it no longer uses the processor it waits for input, of which there is none yet.
    let before = -1;
    const isWaiting = (): boolean => {
      const last = before;
      before = cpuTicks();
      return before === last && before > 5;
    };
    await waitFor("the command to wait", isWaiting, { everyMs: 200 });
    child.stdin.write(text.slice(0, 40));
    child.stdin.end(text.slice(40));
    assert.equal(await ended, 0);
    // Before it, the shell may say that the first one was killed.
    assert.match(stderr, /^(?:Killed\n)?hotroute: no problem in 1 Service \(1 file, 1 route\)\n$/);
  });

  it("says in one line that its output cannot be written", {
    skip: !existsSync("/dev/full") && "no /dev/full",
  }, async () => {
    const full = openSync("/dev/full", "w");
    const script = join(import.meta.dirname, "../../src/cli/main.ts");
    const args = [script, "--help"];
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", full, "pipe"], encoding: "utf8" });
    closeSync(full);
    assert.equal(status, 1);
    assert.match(stderr, /^hotroute cli: cannot write standard output: ENOSPC[^\n]*\n$/);
  });

  it("names both places of a conflict between files", async () => {
    const folder = makeFolder({
      "a.yaml": serviceYaml("a", { host, path: "/x" }),
      "b.yaml": serviceYaml("b", { host, path: "/x" }),
      "c.yaml": serviceYaml("c", { host, path: "/x", priority: "1" }),
    });
    const { code, stdout } = await runCommand(["lint", "."], { cwd: folder });
    const lost = "shop.example.com /x (Prefix) belongs to default/c, which has the higher priority (c.yaml:9)";
    assert.deepEqual(
      [code, stdout],
      [1, `a.yaml:9: Service default/a: ${lost}\nb.yaml:9: Service default/b: ${lost}\n`],
    );
  });

  it("says that age may decide in a cluster what names decide here", async () => {
    const text = [serviceYaml("a", { host }), serviceYaml("b", { host })].join("---\n");
    const { stdout } = await runCommand(["lint"], { stdin: text });
    assert.match(
      stdout,
      /^<stdin>:19: Service default\/b: .* comes first by name; in a cluster the older one would have it \(<stdin>:8\)\n$/,
    );
  });

  it("writes JSON for programs", async () => {
    const text = serviceYaml("shop", { host, path: "no-slash" });
    const { code, stdout } = await runCommand(["lint", "--output", "json"], { stdin: text });
    const report: unknown = JSON.parse(stdout);
    const [, expected = ""] = /"message": "(expected [^"]*)"/.exec(stdout) ?? [];
    assert.equal(code, 1);
    assert.deepEqual(report, {
      files: 1,
      services: 1,
      routes: 0,
      problems: [
        {
          service: { namespace: "default", name: "shop" },
          reason: "InvalidValue",
          key: "hotroute.io/path",
          value: "no-slash",
          message: expected,
          place: { file: null, line: 9, column: 5 },
          related: null,
        },
      ],
    });
  });

  it("writes workflow commands for GitHub, escaped", async () => {
    const folder = makeFolder({ "a,b:100%.yaml": serviceYaml("shop", { host: "50%\r\n::warning::x" }) });
    const { stdout } = await runCommand(["lint", "--output", "github", "."], { cwd: folder });
    const [line = "", ...rest] = stdout.split("\n");
    assert.deepEqual(rest, [""]);
    const start =
      "::error file=a%2Cb%3A100%25.yaml,line=8,col=5,title=hotroute%3A InvalidValue::Service default/shop hotroute.io/host=";
    assert.ok(line.startsWith(start), line);
    assert.ok(line.includes("50%25"), line);
    const finding = {
      reason: "Unreadable",
      place: null,
      service: null,
      key: null,
      value: null,
      related: null,
    } as const;
    const counts = { files: 0, services: 0, routes: 0 };
    assert.equal(
      formatReport([{ ...finding, message: "a\r\nb%" }], counts, "github"),
      "::error title=hotroute%3A Unreadable::a%0D%0Ab%25\n",
    );
  });

  it("names the faults of all files at once, beside the problems of the others, and exits 2", async () => {
    const folder = makeFolder({
      "bad.yaml": "kind: Service\nmetadata:\n  name: [a\n",
      "tabs.yaml": "kind: Service\nmetadata:\n\tname: a\n",
      "shop.yaml": serviceYaml("shop", { hots: host }),
    });
    writeFileSync(join(folder, "latin1.yaml"), Buffer.from("# caf\u00e9\n", "latin1"));
    const { code, stdout, stderr } = await runCommand(["lint", ".", "absent.yaml"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stdout, /^bad\.yaml:\d+:\d+: ./m);
    assert.match(stdout, /^tabs\.yaml:3:\d+: ./m);
    assert.match(stdout, /^latin1\.yaml:1:1: .*utf-8$/m);
    assert.match(stdout, /^absent\.yaml:1:1: no such file or folder$/m);
    assert.match(
      stdout,
      /^shop\.yaml:8: Service default\/shop hotroute\.io\/hots="shop\.example\.com": no such key, ignored; did you mean hotroute\.io\/host\?$/m,
    );
    assert.doesNotMatch(`${stdout}${stderr}`, /^\s+at /m);
  });

  it("names a file that may not be read below a folder", {
    skip: process.getuid?.() === 0 && "root may read all",
  }, async () => {
    const folder = makeFolder({ "closed/a.yaml": "" });
    chmodSync(join(folder, "closed"), 0);
    const { code, stdout } = await runCommand(["lint", "."], { cwd: folder });
    chmodSync(join(folder, "closed"), 0o755);
    assert.deepEqual([code, stdout], [2, "closed:1:1: may not be read\n"]);
  });

  it("reads the cluster's settings, and names the bad ones", async () => {
    const text = serviceYaml("shop", { host }).replaceAll("hotroute.io/", "routes.example.com/");
    const ours = { KEY_PREFIX: "routes.example.com/" };
    const good = await runCommand(["lint"], { stdin: text, environment: ours });
    assert.match(good.stderr, /no problem in 1 Service/);
    const selector = await runCommand(["lint"], {
      stdin: text,
      environment: { ...ours, SERVICE_SELECTOR: "tier in (web)" },
    });
    assert.match(selector.stderr, /^hotroute: no Service here matches tier in \(web\); -v says what was skipped\n/);
    const bad = await runCommand(["lint"], { environment: { CLASS: "No_Class", SERVICE_SELECTOR: "a in b" } });
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /^hotroute: bad settings: CLASS="No_Class": expected [^\n]*\n$/);
    const broken = await runCommand(["lint"], { environment: { SERVICE_SELECTOR: "a in b" } });
    assert.match(
      broken.stderr,
      /^hotroute: bad settings: SERVICE_SELECTOR="a in b": expected a label selector[^\n]*\n$/,
    );
  });

  it("applies the host policy", async () => {
    const folder = makeFolder({
      "a.yaml": serviceYaml("shop", { host }),
      "policy.txt": "default: [other.example.com]\n",
    });
    const environment = { HOST_POLICY: join(folder, "policy.txt") };
    const { code, stdout } = await runCommand(["lint", "a.yaml"], { cwd: folder, environment });
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^a\.yaml:8: Service default\/shop hotroute\.io\/host="shop\.example\.com": not allowed by the host policy/,
    );
  });
});
