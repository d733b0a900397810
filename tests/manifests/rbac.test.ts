import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createService, exposed } from "../support/api-servers.ts";
import { type KubeApiServer, kubeApiServerAvailable, startKubeApiServer } from "../support/kube-apiserver.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { kubeconfigFor } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { build, type KubeObject, skipWithoutKustomize } from "./objects.ts";

const available = kubeApiServerAvailable();
const skip = available === true ? skipWithoutKustomize : available;

const collections: Readonly<Record<string, string>> = {
  Namespace: "/api/v1/namespaces",
  ServiceAccount: "/api/v1/namespaces/NAMESPACE/serviceaccounts",
  ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles",
  RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings",
};

/** Creates what of a kustomization has to do with permissions. */
const install = async (server: KubeApiServer, objects: readonly KubeObject[]): Promise<void> => {
  for (const object of objects) {
    const path = collections[object.kind]?.replace("NAMESPACE", object.metadata.namespace ?? "");
    if (path === undefined) continue;
    const answer = await server.request("POST", path, { body: object });
    assert.equal(answer.status, 201, `${object.kind}: ${answer.body}`);
  }
};

/** A kubeconfig with a token of a service account, as a Pod is given one: by TokenRequest. */
const writeKubeconfig = async (server: KubeApiServer, namespace: string, path: string): Promise<void> => {
  const answer = await server.request("POST", `/api/v1/namespaces/${namespace}/serviceaccounts/hotroute/token`, {
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  });
  assert.equal(answer.status, 201, answer.body);
  const { status } = answer.json() as { readonly status: { readonly token: string } };
  await writeFile(path, kubeconfigFor({ url: server.url, caPem: server.caPem, token: status.token }));
};

interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

/** What `kubectl auth can-i --list` asks. Source: authorization.k8s.io/v1 SelfSubjectRulesReview */
const rulesOf = async (server: KubeApiServer, account: string, namespace: string): Promise<readonly string[]> => {
  const [group = ""] = account.split(":");
  const answer = await server.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
    body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } },
    headers: {
      "impersonate-user": `system:serviceaccount:${account}`,
      "impersonate-group": `system:serviceaccounts:${group}`,
    },
  });
  assert.equal(answer.status, 201, answer.body);
  const { status } = answer.json() as {
    readonly status: { readonly incomplete: boolean; readonly resourceRules: readonly ResourceRule[] };
  };
  assert.equal(status.incomplete, false);
  return status.resourceRules.flatMap(({ verbs, apiGroups, resources }) =>
    apiGroups.flatMap((apiGroup) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${apiGroup && `.${apiGroup}`}`)),
    ),
  );
};

/** All that an account may do in a namespace, and an account without any role may not. */
const allowedIn = async (server: KubeApiServer, account: string, namespace: string): Promise<readonly string[]> => {
  const everybody = new Set(await rulesOf(server, "default:nobody", namespace));
  return (await rulesOf(server, account, namespace)).filter((rule) => !everybody.has(rule)).sort();
};

/** Whether an account may do what it must not: another question than the one above. */
const canI = async (server: KubeApiServer, account: string, attributes: object): Promise<boolean> => {
  const answer = await server.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user: `system:serviceaccount:${account}`, resourceAttributes: attributes },
    },
  });
  assert.equal(answer.status, 201, answer.body);
  return (answer.json() as { readonly status: { readonly allowed: boolean } }).status.allowed;
};

const granted = [
  "create events.events.k8s.io",
  "get events.events.k8s.io",
  "list services",
  "patch events.events.k8s.io",
  "watch services",
];

describe("the permissions in the manifests, on kube-apiserver", { skip }, () => {
  let server: KubeApiServer;
  let folder: string;
  const programs: RunningProgram[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hotroute-rbac-"));
    server = await startKubeApiServer("everything");
    await install(server, build("base"));
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: "my-team" } };
    assert.equal((await server.request("POST", "/api/v1/namespaces", { body })).status, 201);
    await install(server, build("overlays/single-namespace"));
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (
    name: "init" | "generator",
    namespace: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly program: RunningProgram; readonly configDir: string }> => {
    const home = await mkdtemp(join(folder, "pod-"));
    const configDir = join(home, "conf.d");
    await mkdir(join(home, "run"));
    await writeKubeconfig(server, namespace, join(home, "kubeconfig"));
    const program = startProgram(name, {
      KUBECONFIG: join(home, "kubeconfig"),
      CONFIG_DIR: configDir,
      RUN_DIR: join(home, "run"),
      GENERATOR_LISTEN: "127.0.0.1:0",
      // There is no reloader here, and that is not to be warned of.
      COMPARE_INTERVAL_MS: "600000",
      ...settings,
    });
    programs.push(program);
    return { program, configDir };
  };
  const hostsIn = async (configDir: string): Promise<readonly string[]> => {
    const text = await readFile(join(configDir, "default.conf"), "utf8");
    return [...text.matchAll(/^ *server_name (.*\.example\.com);$/gm)].map(([, host = ""]) => host).sort();
  };
  const warnings = ({ log }: RunningProgram): readonly unknown[] =>
    log()
      .filter(({ level, msg }) => level !== "info" && msg !== "a Service has a problem")
      .map(({ msg }) => msg);

  it("base: init and generator have all they need", async () => {
    await createService(server, { name: "routed", labels: exposed("routed.example.com") });
    const init = await start("init", "hotroute");
    assert.equal(await init.program.ended, 0, init.program.stderr());
    assert.deepEqual(await hostsIn(init.configDir), ["routed.example.com"]);
    const { program, configDir } = await start("generator", "hotroute");
    await waitFor("the first list", async () => (await hostsIn(configDir)).length === 1);
    // Through the watch, with a problem to be told.
    await createService(server, {
      name: "watched",
      labels: exposed("watched.example.com"),
      annotations: { "hotroute.io/pth": "/x" },
    });
    await waitFor("the watch", async () => (await hostsIn(configDir)).includes("watched.example.com"));
    const reasons = async (): Promise<readonly string[]> => {
      const answer = await server.request("GET", "/apis/events.k8s.io/v1/namespaces/default/events");
      const { items } = answer.json() as { readonly items: readonly { readonly reason: string }[] };
      return items.map(({ reason }) => reason);
    };
    await waitFor("the Event", async () => (await reasons()).includes("UnknownKey"));
    assert.deepEqual(
      warnings(program).filter((message) => message !== "a Service has a problem"),
      [],
    );
  });

  it("base: nothing else is allowed, in any namespace", async () => {
    for (const namespace of ["default", "hotroute", "kube-system"]) {
      assert.deepEqual(await allowedIn(server, "hotroute:hotroute", namespace), granted, namespace);
      const wanted = { verb: "list", resource: "services", namespace };
      assert.equal(await canI(server, "hotroute:hotroute", wanted), true);
      for (const refused of [
        { verb: "get", resource: "secrets", namespace },
        { verb: "list", resource: "secrets", namespace },
        { verb: "patch", resource: "services", namespace },
        { verb: "get", resource: "services", subresource: "proxy", namespace },
        { verb: "create", resource: "pods", subresource: "exec", namespace },
        { verb: "create", resource: "serviceaccounts", subresource: "token", namespace },
        { verb: "delete", group: "events.k8s.io", resource: "events", namespace },
        { verb: "*", group: "*", resource: "*", namespace },
      ]) {
        assert.equal(await canI(server, "hotroute:hotroute", refused), false, JSON.stringify(refused));
      }
    }
  });

  it("overlays/single-namespace: the generator has all it needs in its own namespace", async () => {
    const answer = await server.request("POST", "/api/v1/namespaces/my-team/services", {
      body: {
        metadata: { name: "ours", labels: exposed("ours.example.com") },
        spec: { ports: [{ name: "http", port: 80, protocol: "TCP" }] },
      },
    });
    assert.equal(answer.status, 201, answer.body);
    const { program, configDir } = await start("generator", "my-team", { NAMESPACES: "my-team" });
    await waitFor("the first list", async () => (await hostsIn(configDir)).includes("ours.example.com"));
    assert.deepEqual(await hostsIn(configDir), ["ours.example.com"]);
    assert.deepEqual(warnings(program), []);
  });

  it("overlays/single-namespace: nothing else is allowed there, and nothing in another namespace", async () => {
    assert.deepEqual(await allowedIn(server, "my-team:hotroute", "my-team"), granted);
    assert.deepEqual(await allowedIn(server, "my-team:hotroute", "default"), []);
  });

  it("without the role: the generator says in one line what is missing, and what to grant", async () => {
    const { program } = await start("generator", "my-team");
    const line = await program.waitForLog("a permission is missing");
    assert.deepEqual(
      [line.verb, line.resource, line.grant],
      ["list", "services", "a ClusterRole with list and watch on services, and a ClusterRoleBinding"],
    );
    const init = await start("init", "my-team", { INIT_TIMEOUT_MS: "2000" });
    assert.equal(await init.program.ended, 1);
    assert.match(init.program.stderr(), /^hotroute init: [^\n]*list[^\n]*services[^\n]*\n$/);
  });
});
