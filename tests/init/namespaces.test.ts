import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { apiServerKinds, apiServerKindsByNight } from "../support/api-servers.ts";
import { createNamespace, exposeService, grantServices, kubeconfigAs } from "../support/namespaces.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { startRefusingProxy } from "../support/refusing-proxy.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-init-namespaces-"));
after(() => rm(scratch, { recursive: true, force: true }));

const startInit = async (t: TestContext, kubeconfig: string, environment: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(scratch, "case-"));
  await writeFile(join(folder, "kubeconfig"), kubeconfig);
  const conf = join(folder, "conf.d");
  const program = startProgram("init", { KUBECONFIG: join(folder, "kubeconfig"), CONFIG_DIR: conf, ...environment });
  t.after(() => program.stop());
  return { program, text: () => readFile(join(conf, "default.conf"), "utf8") };
};
const missing = (program: RunningProgram) => program.log().filter(({ msg }) => msg === "a permission is missing");

for (const kind of apiServerKindsByNight) {
  describe(`init in namespaces with the ${kind.kind}`, { skip: kind.skip }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await kind.start("roles");
      for (const name of ["team-a", "team-b", "team-c"]) {
        await createNamespace(server, name);
        await exposeService(server, name, "web", `${name}.example.com`);
      }
    });
    after(() => server?.stop());

    it("lists just those", async (t) => {
      const kubeconfig = await readFile(server.kubeconfigPath, "utf8");
      const { program, text } = await startInit(t, kubeconfig, { NAMESPACES: "team-a,team-c" });
      assert.equal(await program.ended, 0, program.stderr());
      assert.match(await text(), /server_name team-a\.example\.com;[\s\S]*team-c\.example\.com;/);
      assert.doesNotMatch(await text(), /team-b/);
    });

    it("leaves out one that may not be listed, and says once what to grant", async (t) => {
      const proxy = await startRefusingProxy(server);
      t.after(() => proxy.stop());
      proxy.answer("team-b", 403);
      const { program, text } = await startInit(t, proxy.kubeconfig, { NAMESPACES: "team-a,team-b" });
      assert.equal(await program.ended, 0, program.stderr());
      assert.match(await text(), /team-a\.example\.com;/);
      const [line, ...more] = missing(program);
      assert.deepEqual(more, []);
      assert.deepEqual(
        [line?.verb, line?.resource, line?.namespace, line?.grant],
        [
          "list",
          "services",
          "team-b",
          "a Role with list and watch on services, and a RoleBinding, in namespace team-b",
        ],
      );
      assert.deepEqual(
        program.log().find(({ msg }) => msg === "routing without the namespaces that may not be listed")?.unlisted,
        ["team-b"],
      );
    });

    it("waits for one that is unavailable, and names it when the time is over", async (t) => {
      const proxy = await startRefusingProxy(server);
      t.after(() => proxy.stop());
      proxy.answer("team-b", 503);
      proxy.answer("team-c", 403);
      const given = { NAMESPACES: "team-a,team-b,team-c", INIT_TIMEOUT_MS: "2500" };
      const { program, text } = await startInit(t, proxy.kubeconfig, given);
      assert.equal(await program.ended, 1);
      assert.match(program.stderr(), /^hotroute init: no complete list of Services within 2500 ms .*status 503.*\n$/);
      await assert.rejects(text());
    });

    it("with all of them refused it ends with the reason", async (t) => {
      const proxy = await startRefusingProxy(server);
      t.after(() => proxy.stop());
      proxy.answer("team-a", 403);
      const { program } = await startInit(t, proxy.kubeconfig, { NAMESPACES: "team-a", INIT_TIMEOUT_MS: "1500" });
      assert.equal(await program.ended, 1);
      assert.match(program.stderr(), /not allowed to list services in namespace team-a: grant it with RBAC/);
    });

    it("needs no more than a Role in each namespace", async (t) => {
      if (server.kind !== "kube-apiserver") {
        t.skip("a server without RBAC");
        return;
      }
      for (const name of ["team-a", "team-b"]) await grantServices(server, name, "init-reader");
      const kubeconfig = kubeconfigAs(server, "init-reader");
      const { program, text } = await startInit(t, kubeconfig, { NAMESPACES: "team-a,team-b" });
      assert.equal(await program.ended, 0, program.stderr());
      assert.match(await text(), /team-a\.example\.com;[\s\S]*team-b\.example\.com;/);
      assert.deepEqual(missing(program), []);
    });
  });
}

describe("init with a host policy", () => {
  let server: TestApiServer;
  before(async () => {
    server = await (apiServerKinds[0]?.start() ?? assert.fail("no API server"));
    for (const name of ["team-a", "team-b"]) await createNamespace(server, name);
    await exposeService(server, "team-a", "web", "a.example.com");
    await exposeService(server, "team-b", "thief", "a.example.com,b.example.com");
  });
  after(() => server?.stop());

  it("routes what it allows, and warns of the rest", async (t) => {
    const policy = join(scratch, "policy.yaml");
    await writeFile(policy, 'team-a: [a.example.com]\n"*": ["*.example.com"]\nteam-b: [b.example.com]\n');
    const { program, text } = await startInit(t, await readFile(server.kubeconfigPath, "utf8"), {
      HOST_POLICY: policy,
    });
    assert.equal(await program.ended, 0, program.stderr());
    assert.match(await text(), /web\.team-a[\s\S]*b\.example\.com;/);
    const problems = program.log().flatMap(({ problem }) => (typeof problem === "string" ? [problem] : []));
    assert.deepEqual(problems, [
      'HostNotAllowed team-b/thief hotroute.io/host="a.example.com": not allowed by the host policy: ' +
        "namespace team-b may claim b.example.com",
    ]);
  });

  it("a policy that is bad is a bad setting: one line with its line number, exit 2", async (t) => {
    const policy = join(scratch, "bad.yaml");
    await writeFile(policy, "team-a:\n  - a.example.com\n  - *.example.com\n");
    const { program } = await startInit(t, "{}", { HOST_POLICY: policy, NAMESPACES: "team-a,team-a" });
    assert.equal(await program.ended, 2);
    assert.match(
      program.stderr(),
      /^hotroute init: bad settings: NAMESPACES=.*; HOST_POLICY=.*; line 3: .*needs quotes.*\n$/,
    );
  });
});
