import assert from "node:assert/strict";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { isApplied, onStage, serverText } from "./fixture.ts";

/**
 * Sets the clock that the program sees (Date) back an hour when it gets SIGUSR2. The machine's own clock is everybody's,
 * and a time namespace has none of its own. Source: time_namespaces(7)
 */
const setBack = `
const RealDate = Date;
let backMs = 0;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() - backMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() - backMs;
  }
};
process.on("SIGUSR2", () => {
  backMs = 3_600_000;
  console.log(JSON.stringify({ msg: "clock set back" }));
});
`;

describe("the clock", { skip: skipWithoutNginx }, () => {
  // It is the reloader's clock: one nginx shows it.
  for (const nginx of nginxBinaries.slice(0, 1)) {
    it("row 35: Date goes back an hour: changes, retries, comparison and releases go on as before", () =>
      onStage(nginx, async (stage) => {
        const preload = join(stage.configDir, "..", "set-back.mjs");
        await writeFile(preload, setBack);
        await stage.publish(serverText(stage.port, "0"));
        const reloader = await stage.start({
          NODE_OPTIONS: `--import=${pathToFileURL(preload)}`,
          COMPARE_INTERVAL_MS: "1000",
        });
        await stage.waitForStatus("applied", isApplied);
        // A retry, a token and a comparison are being waited for when the clock is set.
        const outside = join(stage.configDir, "..", "outside.inc");
        const text = `include ${outside};\n${serverText(stage.port, "1")}`;
        await stage.publish(text);
        await stage.waitForStatus("rejected", ({ state }) => state === "rejected");
        reloader.child.kill("SIGUSR2");
        await reloader.waitForLog("clock set back");
        await writeFile(outside, "# here now\n");
        await stage.waitForBody("1");
        const status = await stage.waitForStatus("applied", isApplied);
        assert.ok(Date.parse(status.since) < Date.now() - 3_000_000, "the program's clock was set back");
        // Files whose times lie in the future, as all that were written before.
        const inAnHour = new Date(Date.now() + 3_600_000);
        for (let count = 2; count <= 6; count += 1) {
          await stage.publish(serverText(stage.port, `${count}`));
          await utimes(stage.file, inAnHour, inAnHour);
          await stage.waitForBody(`${count}`);
        }
        await stage.waitForStatus("applied", isApplied);
        const { live } = (await stage.readStatus()) ?? {};
        const releases = join(stage.runDir, "releases");
        await waitFor("three releases", async () => (await readdir(releases)).length === 3);
        assert.ok((await readdir(releases)).includes(String(live)));
        assert.equal((await reloader.ask("/healthz")).status, 200);
      }));
  }
});
