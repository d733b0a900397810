import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { onPod, type Pod } from "./pod.ts";

const recent = nginxBinaries.find((nginx) => isNginxAtLeast(nginx, "1.29.6"));
const older = nginxBinaries.find((nginx) => !isNginxAtLeast(nginx, "1.29.6"));

const countShared = async ({ configDir }: Pod): Promise<number> =>
  (await readFile(join(configDir, "default.conf"), "utf8")).match(/^ {4}sticky /gm)?.length ?? 0;

/** Creates Services without backends: what there is of them beside those that are asked. */
const crowd = async ({ expose }: Pod, from: number, to: number): Promise<void> => {
  for (let index = from; index < to; index += 10) {
    await Promise.all(
      Array.from({ length: Math.min(10, to - index) }, (_, offset) => expose(`crowd-${index + offset}`)),
    );
  }
};

describe("hosts that come to share servers", () => {
  const skip = recent === undefined ? "no nginx of 1.29.6 or later: set NGINX_BIN" : false;
  it("no request fails as they do, nor as they part again", { skip }, async () => {
    if (recent === undefined) return;
    await onPod(recent, async (pod) => {
      await Promise.all([pod.serve("asked"), pod.serve("other")]);
      await crowd(pod, 0, 250);
      assert.equal(await pod.start("init").ended, 0);
      const reloader = pod.start("reloader");
      pod.start("generator");
      await pod.waitForAnswer("asked.example.com", "asked");
      assert.equal(await countShared(pod), 0);
      const traffics = ["asked", "other"].map((name) => pod.startTraffic(name));
      await crowd(pod, 250, 262);
      await waitFor("shared servers in the file", async () => (await countShared(pod)) > 0);
      await pod.expose("last");
      await pod.waitForAnswer("last.example.com", "502");
      for (let index = 250; index < 262; index += 1) await pod.remove(`crowd-${index}`);
      await waitFor("servers of their own in the file", async () => (await countShared(pod)) === 0);
      await pod.remove("last");
      await pod.waitForAnswer("last.example.com", "404");
      for (const traffic of traffics) {
        const { requests, failures } = await traffic.stop();
        assert.ok(requests > 20, `${requests}`);
        assert.deepEqual(failures, []);
      }
      assert.doesNotMatch(
        reloader
          .log()
          .map(({ msg }) => msg)
          .join("\n"),
        /refused/,
      );
    });
  });
});

describe("an nginx that is older than NGINX_VERSION says", () => {
  const skip = older === undefined ? "no nginx before 1.29.6" : false;
  it("is given what it knows, and every Service is served", { skip }, async () => {
    if (older === undefined) return;
    await onPod(
      older,
      async (pod) => {
        await Promise.all(["one", "two", "three"].map((name) => pod.serve(name)));
        assert.equal(await pod.start("init").ended, 0);
        pod.start("reloader");
        const generator = pod.start("generator");
        for (const name of ["one", "two", "three"]) await pod.waitForAnswer(`${name}.example.com`, name);
        await generator.waitForLog(
          "nginx refuses what NGINX_VERSION lets it be given: the configuration does without it",
        );
        assert.equal(generator.log().filter(({ msg }) => String(msg).includes("because of one of these")).length, 0);
        await pod.serve("four");
        await pod.waitForAnswer("four.example.com", "four");
      },
      { NGINX_VERSION: "1.30.6" },
    );
  });
});
