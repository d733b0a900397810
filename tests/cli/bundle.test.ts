import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runCommand, serviceYaml } from "./fixture.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "dist/hotroute.cjs");
const skip = existsSync(program) ? false : "dist/hotroute.cjs is not built: npm run build";

describe("dist/hotroute.cjs", { skip }, () => {
  it("renders as its sources do, and knows its version", async () => {
    const stdin = serviceYaml("shop", { host: "shop.example.com" });
    const { code, stdout, stderr } = await runCommand(["render"], { program, stdin });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /server_name shop\.example\.com;/);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
    assert.equal((await runCommand(["--version"], { program })).stdout, `hotroute ${version}\n`);
  });

  it("can be started by its name, and holds neither a Kubernetes client nor a logger", () => {
    const text = readFileSync(program, "utf8");
    assert.ok(text.startsWith("#!/usr/bin/env node\n"));
    assert.doesNotMatch(text, /client-node|prom-client|pino/);
  });
});
