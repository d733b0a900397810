import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { differenceOf, hashesOf } from "../../src/reloader/changes.ts";
import {
  buildRelease,
  linkedRevision,
  pointLink,
  prepareReleases,
  pruneReleases,
} from "../../src/reloader/releases.ts";
import { type ConfigFile, readConfigDirectory, revisionOf, sha256Hex } from "../../src/reloader/revision.ts";
import { runPaths } from "../../src/reloader/run-paths.ts";
import { withFooter } from "../support/footer.ts";

const inFolder = async (test: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-revision-"));
  try {
    await test(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};
const file = (name: string, text: string): ConfigFile => ({ name, bytes: Buffer.from(text), sha256: sha256Hex(text) });

describe("readConfigDirectory()", () => {
  it("reads regular files, links followed, and nothing else", () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "b.conf"), "b");
      await writeFile(join(folder, ".hidden.conf"), "hidden");
      await mkdir(join(folder, "..2026"));
      await writeFile(join(folder, "..2026", "a.conf"), "a");
      await symlink("..2026", join(folder, "..data"));
      await symlink("..data/a.conf", join(folder, "a.conf"));
      await symlink("nowhere", join(folder, "dangling.conf"));
      await symlink("loop.conf", join(folder, "loop.conf"));
      await symlink("/dev/zero", join(folder, "device.conf"));
      await mkdir(join(folder, "folder.conf"));
      assert.equal(spawnSync("mkfifo", [join(folder, "fifo.conf")]).status, 0);
      const read = await readConfigDirectory(folder);
      assert.ok(read.kind === "files");
      assert.deepEqual(
        read.files.map(({ name, bytes }) => [name, bytes.toString()]),
        [
          ["a.conf", "a"],
          ["b.conf", "b"],
        ],
      );
    }));

  it("says what to do about a directory that is none", () =>
    inFolder(async (folder) => {
      const path = join(folder, "x");
      assert.deepEqual(await readConfigDirectory(path), {
        kind: "unusable",
        reason: `there is no ${path}: make it, or set CONFIG_DIR`,
      });
      await writeFile(path, "");
      assert.deepEqual(await readConfigDirectory(path), {
        kind: "unusable",
        reason: `${path} is not a directory: set CONFIG_DIR`,
      });
    }));

  it("refuses what is too large to be a configuration, before it reads it", () =>
    inFolder(async (folder) => {
      const path = join(folder, "huge.log");
      await writeFile(path, "");
      await truncate(path, 65 * 1024 * 1024);
      const read = await readConfigDirectory(folder);
      assert.ok(read.kind === "unusable");
      assert.match(read.reason, /holds more than 1000 files and 64 MiB \(at huge\.log\)/);
    }));
});

describe("revisionOf()", () => {
  const revisions = [
    revisionOf([], "main"),
    revisionOf([], "other main"),
    revisionOf([file("a", "x")], "main"),
    revisionOf([file("b", "x")], "main"),
    revisionOf([file("a", "y")], "main"),
    revisionOf([file("a", "x"), file("b", "x")], "main"),
  ];
  it("differs with any name, any byte and nginx.conf", () => {
    assert.equal(new Set(revisions).size, revisions.length);
    for (const revision of revisions) assert.match(revision, /^[0-9a-f]{64}$/);
  });
  it("is the same for the same", () => {
    assert.equal(revisionOf([file("a", "x")], "main"), revisionOf([file("a", "x")], "main"));
  });
});

describe("differenceOf()", () => {
  const whole = file("default.conf", withFooter("a\n"));
  it("names what is new, other and gone", () => {
    const before = hashesOf([file("same", "1"), file("other", "1"), file("gone", "1")]);
    const { names } = differenceOf(before, [file("same", "1"), file("other", "2"), file("new", "1")]);
    assert.deepEqual(names, ["other", "new", "gone"]);
  });
  it("is whole only when every changed file says so and none is gone", () => {
    assert.equal(differenceOf(new Map(), [whole]).isWhole, true);
    assert.equal(differenceOf(hashesOf([file("x.conf", "1")]), [file("x.conf", "1"), whole]).isWhole, true);
    assert.equal(differenceOf(new Map(), [whole, file("x.conf", "1")]).isWhole, false);
    assert.equal(differenceOf(hashesOf([file("x.conf", "1")]), [whole]).isWhole, false);
    assert.equal(differenceOf(new Map(), [file("default.conf", `${withFooter("a\n")}b\n`)]).isWhole, false);
  });
});

describe("releases", () => {
  const hex = (digit: string): string => digit.repeat(64);

  it("hold nginx.conf and the *.conf files, and are named by links", () =>
    inFolder(async (folder) => {
      const paths = runPaths(folder);
      await prepareReleases(paths);
      await buildRelease(paths, hex("a"), [file("default.conf", "x"), file("key.pem", "secret")], "main");
      assert.equal(await linkedRevision(paths.live), null);
      await pointLink(paths, paths.live, hex("a"));
      assert.equal(await linkedRevision(paths.live), hex("a"));
      assert.equal(await readFile(paths.live, "utf8"), "main");
      assert.deepEqual(await readdir(join(paths.releases, hex("a"), "conf.d")), ["default.conf"]);
      await pointLink(paths, paths.live, hex("b"));
      assert.equal(await linkedRevision(paths.live), null, "a release that is gone");
    }));

  it("are made anew when they were damaged, and left alone otherwise", () =>
    inFolder(async (folder) => {
      const paths = runPaths(folder);
      await prepareReleases(paths);
      const copy = join(paths.releases, hex("a"), "conf.d", "default.conf");
      const build = () => buildRelease(paths, hex("a"), [file("default.conf", "x")], "main");
      for (const damage of [() => truncate(copy), () => rm(copy), () => writeFile(`${copy}.conf`, "more"), build]) {
        await build();
        await damage();
        await build();
        assert.equal(await readFile(copy, "utf8"), "x");
        assert.deepEqual(await readdir(join(paths.releases, hex("a"), "conf.d")), ["default.conf"]);
      }
    }));

  it("are pruned to those that are named; what is half made goes at the start", () =>
    inFolder(async (folder) => {
      const paths = runPaths(folder);
      await prepareReleases(paths);
      for (const digit of ["1", "2", "3"]) await buildRelease(paths, hex(digit), [], "main");
      await pruneReleases(paths, new Set([hex("1"), hex("3"), hex("9")]));
      assert.deepEqual((await readdir(paths.releases)).sort(), ["1", "3"].map(hex));
      await mkdir(join(paths.releases, `.${hex("7")}.tmp`, "conf.d"), { recursive: true });
      await prepareReleases(paths);
      assert.deepEqual((await readdir(paths.releases)).sort(), ["1", "3"].map(hex));
    }));
});
