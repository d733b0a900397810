import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runCommand } from "../cli/fixture.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { manifestsDir } from "./objects.ts";

const examples = join(manifestsDir, "examples");
const services = join(examples, "services");
const [nginx] = nginxBinaries;

describe("manifests/examples", () => {
  it("services: every one is routed, and nothing is wrong with it", async () => {
    const { code, stdout, stderr } = await runCommand(["lint", services]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout + stderr, /no problem in 3 Services/);
  });

  it("own-template: nginx takes what it makes, its own host included", { skip: skipWithoutNginx }, async () => {
    const environment = {
      TEMPLATE_FILE: join(examples, "own-template/site.hbs"),
      NGINX_BIN: nginx?.path ?? "",
      NGINX_VERSION: nginx?.version ?? "",
    };
    const { code, stdout, stderr } = await runCommand(["render", "--check", services], { environment });
    // An nginx that is too old for gRPC refuses that one example alone, and render says so.
    assert.equal(code, 0, stderr);
    assert.match(stdout, /server_name status\.example\.com;/);
    assert.match(stdout, /server_name shop\.example\.com;/);
  });

  it("host-policy: is read, and refuses what it does not name", async () => {
    const environment = { HOST_POLICY: join(examples, "host-policy/hosts.yaml") };
    const { code, stdout, stderr } = await runCommand(["lint", "--namespace", "team-c", services], { environment });
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /shop\.example\.com.*\*\.apps\.example\.com/);
  });
});
