import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { type SealedFile, sealFile } from "../../src/contract/footer.ts";
import { openConfigFile, readOwnText } from "../../src/generator/config-file.ts";
import { withFooter } from "../support/footer.ts";
import { waitFor } from "../support/wait.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-config-file-"));
after(() => rm(scratch, { recursive: true, force: true }));
const newPath = async (): Promise<string> => join(await mkdtemp(join(scratch, "case-")), "default.conf");

const sealed = (text: string): SealedFile => sealFile([Buffer.from(text)]);

/** Overwrites what the test wrote, as fast as it can see it. */
const stranger = `
const { readFileSync, writeFileSync } = require("node:fs");
const { workerData: { path, rounds } } = require("node:worker_threads");
for (let seen = 0; seen < rounds; ) {
  if (!readFileSync(path, "utf8").startsWith("round")) continue;
  writeFileSync(path, "a stranger's");
  seen += 1;
}
`;

describe("openConfigFile()", () => {
  it("knows what it wrote, and writes nothing twice", async () => {
    const path = await newPath();
    const file = await openConfigFile(path);
    assert.equal(file.hash, null);
    assert.equal(await file.write(sealed("one\n")), true);
    const { ino } = await stat(path);
    assert.equal(await file.write(sealed("one\n")), false);
    assert.equal(await file.refresh(), false);
    assert.equal((await stat(path)).ino, ino);
    assert.equal((await openConfigFile(path)).hash, file.hash);
  });

  it("touched is not changed", async () => {
    const path = await newPath();
    const file = await openConfigFile(path);
    await file.write(sealed("one\n"));
    await utimes(path, 1, 1);
    assert.equal(await file.refresh(), false);
  });

  it("sees what a stranger writes right behind its own write", async () => {
    const path = await newPath();
    const file = await openConfigFile(path);
    await file.write(sealed("nothing yet\n"));
    const rounds = 60;
    const worker = new Worker(stranger, { eval: true, workerData: { path, rounds } });
    const ended = new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    for (let round = 1; round <= rounds; round += 1) {
      await file.write(sealed(`round ${round}\n`));
      await waitFor("the stranger", async () => (await readFile(path, "utf8")) === "a stranger's", { everyMs: 1 });
      assert.equal(await file.refresh(), true, `round ${round}`);
    }
    await ended;
  });

  it("a look and a write at once leave it knowing what lies there", async () => {
    const path = await newPath();
    const file = await openConfigFile(path);
    for (let round = 0; round < 50; round += 1) {
      await writeFile(path, `a stranger's ${round}\n`);
      await Promise.all([file.refresh(), file.write(sealed(`round ${round}\n`))]);
      assert.equal(await readFile(path, "utf8"), withFooter(`round ${round}\n`));
      assert.equal(await file.refresh(), false, `round ${round}`);
    }
    assert.deepEqual(await readdir(join(path, "..")), ["default.conf"]);
  });
});

describe("readOwnText()", () => {
  it("reads what has a right footer, and nothing else", async () => {
    const path = await newPath();
    assert.equal(await readOwnText(path), null);
    await writeFile(path, "by hand\n");
    assert.equal(await readOwnText(path), null);
    await writeFile(path, withFooter("own\n"));
    assert.equal(await readOwnText(path), withFooter("own\n"));
    await writeFile(path, withFooter("own\n").replace("own", "new"));
    assert.equal(await readOwnText(path), null);
  });
});
