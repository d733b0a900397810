import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { programFile } from "../support/program-file.ts";
import { waitFor } from "../support/wait.ts";
import { serverText } from "./fixture.ts";

/** A user whose inotify instances can all be taken without harm to anyone. */
const uid = 61_000 + (process.pid % 4_000);
const skip = skipWithoutNginx || (process.getuid?.() === 0 ? false : "only root can start a program as another user");

const startAs = (command: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess =>
  spawn(command, args, { uid, gid: uid, env, stdio: ["ignore", "pipe", "inherit"] });

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await ended;
};

describe("a watch that cannot be made", { skip }, () => {
  it("row 7: EMFILE on watch is counted, the comparison applies changes meanwhile, and the watch comes back", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-deaf-"));
    const children: ChildProcess[] = [];
    try {
      // 253 is inotify_init on x86-64, 26 inotify_init1 on arm64.
      const call = process.arch === "arm64" ? "syscall(26, 0)" : "syscall(253)";
      const script = `$| = 1; while (${call} >= 0) {} print "taken\\n"; sleep 300`;
      const taker = startAs("perl", ["-e", script], { PATH: "/usr/bin" });
      const taken = await new Promise((resolve) => {
        taker.once("error", () => resolve(false));
        taker.stdout?.once("data", () => resolve(true));
      });
      if (taken === false) return t.skip("no perl to take the inotify instances");
      children.push(taker);
      const [configDir, runDir, port] = [join(folder, "conf"), join(folder, "run"), await freePort()];
      const write = async (body: string): Promise<void> => {
        await writeFile(join(configDir, "default.conf"), serverText(port, body));
      };
      await chmod(folder, 0o755);
      for (const path of [configDir, runDir]) {
        await mkdir(path);
        await chown(path, uid, uid);
      }
      await write("one");
      const reloader = startAs(process.execPath, [programFile("reloader")], {
        PATH: process.env.PATH ?? "",
        CONFIG_DIR: configDir,
        RUN_DIR: runDir,
        TMPDIR: runDir,
        NGINX_BIN: nginxBinaries[0]?.path ?? "",
        RELOADER_LISTEN: "127.0.0.1:0",
        COMPARE_INTERVAL_MS: "400",
      });
      children.push(reloader);
      let out = "";
      reloader.stdout?.on("data", (chunk: Buffer) => {
        out += chunk.toString();
      });
      const own = await waitFor("the reloader's port", () => /"port":(\d+)/.exec(out)?.[1]);
      const errors = async (): Promise<number> => {
        const { body } = await get({ port: Number(own), host: "localhost", path: "/metrics" });
        return Number(/^hotroute_watch_errors_total (\d+)$/m.exec(body)?.[1]);
      };
      const serves = (body: string) =>
        waitFor(
          `nginx to answer ${body}; the reloader said ${out}`,
          async () => (await get({ port, host: "localhost", path: "/" })).body === body,
        );
      await serves("one");
      await waitFor("a watch error", async () => (await errors()) > 0);
      await write("two");
      await serves("two");
      await end(taker);
      // Three comparisons in a row without another error: the watch is there.
      let last = await errors();
      await waitFor(
        "no more watch errors",
        async () => {
          const before = last;
          last = await errors();
          return last === before;
        },
        { everyMs: 1_500 },
      );
      await write("three");
      await serves("three");
      assert.equal(out.split("file watch failed").length - 1, 1, "said once");
    } finally {
      for (const child of children.reverse()) await end(child);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
