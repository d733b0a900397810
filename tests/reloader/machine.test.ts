import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { mustDrain } from "../../src/reloader/drain.ts";
import { readDescriptorLimit, readLimits, readMemoryUse, workersFor } from "../../src/reloader/machine.ts";

/** Runs a test on a folder with the files that a cgroup has. */
const withCgroup = async (
  files: Readonly<Record<string, string>>,
  test: (root: string) => Promise<void>,
): Promise<void> => {
  const root = await mkdtemp(join(tmpdir(), "hotroute-cgroup-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    await test(root);
  } finally {
    await rm(root, { recursive: true });
  }
};

describe("readLimits() and readMemoryUse()", () => {
  it("read cgroup version 2", () =>
    withCgroup(
      {
        "cpu.max": "150000 100000\n",
        "memory.max": "268435456\n",
        "memory.current": "1000\n",
        "memory.stat": "anon 5\ninactive_file 300\n",
      },
      async (root) => {
        assert.deepEqual(await readLimits(root), { cpus: 1.5, memoryBytes: 268435456 });
        assert.equal(await readMemoryUse(root), 700);
      },
    ));

  it("read cgroup version 1", () =>
    withCgroup(
      {
        "cpu/cpu.cfs_quota_us": "200000\n",
        "cpu/cpu.cfs_period_us": "100000\n",
        "memory/memory.limit_in_bytes": "536870912\n",
        "memory/memory.usage_in_bytes": "1000\n",
        "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 400\n",
      },
      async (root) => {
        assert.deepEqual(await readLimits(root), { cpus: 2, memoryBytes: 536870912 });
        assert.equal(await readMemoryUse(root), 999);
      },
    ));

  it("say when there is no limit", async () => {
    const none = { cpus: null, memoryBytes: null };
    await withCgroup({ "cpu.max": "max 100000\n", "memory.max": "max\n" }, async (root) =>
      assert.deepEqual(await readLimits(root), none),
    );
    await withCgroup(
      {
        "cpu/cpu.cfs_quota_us": "-1\n",
        "cpu/cpu.cfs_period_us": "100000\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
      },
      async (root) => assert.deepEqual(await readLimits(root), none),
    );
    await withCgroup({}, async (root) => {
      assert.deepEqual(await readLimits(root), none);
      assert.equal(await readMemoryUse(root), null);
    });
  });
});

describe("workersFor()", () => {
  it("is the CPU limit, rounded up", () => {
    const at = (cpus: number | null): number => workersFor({ cpus, memoryBytes: null });
    assert.deepEqual([0.1, 1, 1.5, 2, 16].map(at), [1, 1, 2, 2, 16]);
    assert.equal(at(null), Math.min(4, availableParallelism()));
  });
});

describe("readDescriptorLimit()", () => {
  it("is a number that a process can have", async () => {
    assert.ok((await readDescriptorLimit()) >= 256);
  });
});

describe("mustDrain()", () => {
  const view = { drainingWorkers: 2, usedBytes: 700, limitBytes: 1000, generationBytes: 101 };
  it("is when another generation would pass the share of the limit", () => {
    assert.equal(mustDrain(view, 80), true);
    assert.equal(mustDrain({ ...view, generationBytes: 100 }, 80), false);
  });
  it("is not when no worker drains: waiting would not help", () => {
    assert.equal(mustDrain({ ...view, drainingWorkers: 0 }, 80), false);
  });
});
