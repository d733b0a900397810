import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { skipWithoutNginx } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { waitFor } from "../support/wait.ts";
import { onStage, startAndWait } from "./fixture.ts";

describe("no save ends the demo", { skip: skipWithoutNginx }, () => {
  it("an unquoted wildcard, noise, 5 MB, a folder, nothing: each is said, and the next good save is live", () =>
    onStage(async (stage) => {
      const demo = await startAndWait(stage);
      const path = join(stage.demoFolder, "services.yaml");
      const samples = await readFile(path, "utf8");
      const port = Number(/http:\/\/shop\.localhost:(\d+)/.exec(demo.out())?.[1]);
      const save = async (text: string | Buffer): Promise<void> => {
        await writeFile(`${path}.new`, text);
        await rename(`${path}.new`, path);
      };
      const unquoted = samples.replace("host: blog.localhost", "host: *.blog.localhost");
      await save(unquoted);
      const line = unquoted.split("\n").findIndex((text) => text.includes("*.blog")) + 1;
      await demo.waitForText(`services.yaml:${line}: *.blog.localhost without quotes is a YAML alias`);
      await save(Buffer.concat([Buffer.from("a: [\n\u001b[2J"), randomBytes(100_000)]));
      await demo.waitForText("more faults");
      assert.ok(!demo.out().includes("\u001b"), "a file's bytes move no cursor");
      await save(Buffer.alloc(5_000_000, "a: b\n"));
      await demo.waitForText("services.yaml: has 5000000 bytes");
      await rm(path);
      await mkdir(path);
      await demo.waitForText("services.yaml: is not a regular file");
      await rm(path, { recursive: true });
      await save(samples.replace("host: blog.localhost", "host: news.localhost"));
      await waitFor("the good save to be live", async () => {
        const { status, body } = await get({ port, host: "news.localhost", path: "/" });
        return status === 200 && body.includes("default/blog");
      });
      demo.child.kill("SIGTERM");
      assert.equal(await demo.ended, 0, demo.err());
    }));
});

describe("two demos in one folder", { skip: skipWithoutNginx }, () => {
  it("the second is refused and names the first; a killed one holds nothing", () =>
    onStage(async (stage) => {
      const first = await startAndWait(stage);
      const config = join(stage.demoFolder, "conf.d", "default.conf");
      const written = await readFile(config, "utf8");
      const second = stage.start();
      assert.equal(await second.ended, 1);
      assert.equal(
        second.err(),
        `hotroute demo: process ${first.child.pid} runs a demo in ${stage.demoFolder}: stop that one, or set DEMO_DIR to another folder for this one\n`,
      );
      assert.equal(await readFile(config, "utf8"), written);
      first.child.kill("SIGKILL");
      await first.ended;
      const third = await startAndWait(stage);
      third.child.kill("SIGTERM");
      assert.equal(await third.ended, 0, third.err());
      await stage.waitForNobody();
    }));
});
