import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KubeAccess, KubeConfigError } from "../../src/kube/access.ts";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotroute-kubeconfig-"));
});
after(() => rm(folder, { recursive: true }));

const write = async (name: string, content: unknown): Promise<string> => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

interface Parts {
  readonly cluster?: unknown;
  readonly user?: unknown;
  readonly context?: unknown;
}

const config = ({ cluster, user, context }: Parts = {}): Record<string, unknown> => ({
  clusters: [{ name: "c", cluster: cluster ?? { server: "http://127.0.0.1:1" } }],
  users: [{ name: "u", user: user ?? { token: "t" } }],
  contexts: [{ name: "x", context: context ?? { cluster: "c", user: "u", namespace: "shop" } }],
  "current-context": "x",
});

const NOWHERE = "/nonexistent/serviceaccount";
const load = (env: Record<string, string>, serviceAccount = NOWHERE): Promise<KubeAccess> =>
  loadKubeAccess(env, serviceAccount);

const refused = async (content: unknown, ...patterns: readonly RegExp[]): Promise<void> => {
  const path = await write("refused", content);
  await assert.rejects(load({ KUBECONFIG: path, PATH: "/usr/bin" }), (error) => {
    assert.ok(error instanceof KubeConfigError);
    assert.ok(!error.message.includes("\n"), error.message);
    assert.ok(error.message.includes(path), `${error.message} does not name ${path}`);
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  });
};

describe("loadKubeAccess() refuses, with one line that says what, where and what to do,", () => {
  it("a KUBECONFIG that does not exist", async () => {
    await assert.rejects(load({ KUBECONFIG: "/no/such:/nor/this" }), {
      name: "KubeConfigError",
      message: "KUBECONFIG: /no/such:/nor/this does not exist; correct KUBECONFIG or unset it",
    });
  });

  it("no way at all", async () => {
    await assert.rejects(load({ HOME: "/nonexistent" }), {
      message: /looked for .*serviceaccount\/token and \/nonexistent\/\.kube\/config; set KUBECONFIG/,
    });
  });

  it("a folder in place of a file", async () => {
    await assert.rejects(load({ KUBECONFIG: folder }), { name: "KubeConfigError", message: /cannot be read: EISDIR/ });
  });

  it("malformed YAML", () => refused("a: [1\nb: }", /not valid YAML: .*line \d/, /correct the file/));
  it("a YAML of many aliases", () => refused("a: &a [1]\nb: [*a, *a]", /not valid YAML/));
  it("what is not a mapping", () => refused("- 1", /not a mapping/));
  it("clusters that are no list", () => refused({ ...config(), clusters: {} }, /clusters is not a list/));
  it("a user without a name", () => refused({ ...config(), users: [{ user: {} }] }, /users\[0\] has no name/));
  it("a cluster that is no mapping", () =>
    refused(config({ cluster: "x" }), /clusters\[0\]\.cluster is not a mapping/));
  it("no current context", () =>
    refused({ ...config(), "current-context": "" }, /no current-context; choose one with kubectl config use-context/));
  it("an unknown context", () => refused({ ...config(), "current-context": "y" }, /no context y \(it has x\)/));
  it("an unknown cluster", () =>
    refused(
      config({ context: { cluster: "d", user: "u" } }),
      /names the cluster d, which does not exist \(it has c\)/,
    ));
  it("an unknown user", () =>
    refused(config({ context: { cluster: "c", user: "v" } }), /names the user v, which does not exist \(it has u\)/));
  it("a cluster without a server", () => refused(config({ cluster: {} }), /cluster c has no server; correct it/));
  it("a server that is no URL", () =>
    refused(config({ cluster: { server: "k:6443" } }), /server k:6443, which is not/));
  it("a CA file that is missing", () =>
    refused(
      config({ cluster: { server: "https://k", "certificate-authority": "ca.crt" } }),
      new RegExp(`certificate authority ${folder}/ca\\.crt cannot be read; put it there`),
    ));
  it("CA data that is not base64", () =>
    refused(
      config({ cluster: { server: "https://k", "certificate-authority-data": "-----BEGIN" } }),
      /certificate-authority-data is not base64/,
    ));
  it("a client key that is missing", () =>
    refused(
      config({ user: { "client-certificate-data": "YQ==", "client-key": "k" } }),
      /client key .*\/k cannot be read/,
    ));
  it("a token file that is missing", () =>
    refused(config({ user: { tokenFile: "tok" } }), /token file .*\/tok cannot be read/));
  it("an exec plugin that is not on PATH, with its install hint", () =>
    refused(
      config({ user: { exec: { command: "no-such-plugin", installHint: "see example.com\nmore" } } }),
      /the exec plugin no-such-plugin is not on PATH; see example\.com$/,
    ));
  it("an exec plugin that cannot be executed", async () => {
    const command = await write("plain-file", "");
    await refused(
      config({ user: { exec: { command } } }),
      /plugin .*\/plain-file does not exist or is not executable; install it$/,
    );
  });
  it("an exec without a command", () => refused(config({ user: { exec: {} } }), /exec has no command/));
});

describe("loadKubeAccess() chooses", () => {
  it("the same from YAML as from JSON, also where the YAML begins like JSON", async () => {
    const flow =
      "{clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: u, user: {token: t}}], " +
      "contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}], current-context: x}\n";
    for (const text of [flow, flow.slice(1, -2).replace(/, (?=users|contexts|current)/g, "\n"), config()]) {
      const { server, namespace } = await load({ KUBECONFIG: await write("any-form", text) });
      assert.deepEqual({ server, namespace }, { server: "http://127.0.0.1:1", namespace: "shop" });
    }
  });

  const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  const serviceAccount = async (): Promise<string> => {
    await write("sa/token", "in-cluster-token\n");
    await write("sa/ca.crt", "");
    await write("sa/namespace", "hotroute\n");
    return join(folder, "sa");
  };

  it("KUBECONFIG before the service account before the home folder", async () => {
    const home = join(folder, "home");
    const atHome = await write("home/.kube/config", config({ cluster: { server: "http://home" } }));
    const named = await write("named", config({ cluster: { server: "http://named/" } }));
    const account = await serviceAccount();
    const first = await load({ ...env, KUBECONFIG: named, HOME: home }, account);
    assert.deepEqual([first.source, first.server, first.namespace], [named, "http://named", "shop"]);
    const second = await load({ ...env, KUBECONFIG: "", HOME: home }, account);
    assert.deepEqual(
      [second.source, second.server, second.namespace],
      ["in-cluster", "https://10.0.0.1:443", "hotroute"],
    );
    const third = await load({ ...env, HOME: home });
    assert.deepEqual([third.source, third.server], [atHome, "http://home"]);
  });

  it("in-cluster: the token of the moment, without its newline", async () => {
    const access = await load(env, await serviceAccount());
    assert.equal((await access.credentials()).headers.authorization, "Bearer in-cluster-token");
    await write("sa/token", "rotated");
    assert.equal((await access.credentials()).headers.authorization, "Bearer rotated");
    await write("sa/token", "");
    await assert.rejects(access.credentials(), /token is empty/);
    await write("sa/token", "a\nb");
    await assert.rejects(access.credentials(), /characters that no HTTP header may carry/);
  });

  it("in-cluster: an IPv6 address, and no namespace file", async () => {
    const account = await serviceAccount();
    await rm(join(account, "namespace"));
    const access = await load({ KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" }, account);
    assert.deepEqual([access.server, access.namespace], ["https://[fd00::1]:443", null]);
  });

  it("in-cluster: refuses a token without an address or without a CA", async () => {
    const account = await serviceAccount();
    await assert.rejects(load({}, account), { name: "KubeConfigError", message: /KUBERNETES_SERVICE_HOST/ });
    await rm(join(account, "ca.crt"));
    await assert.rejects(load(env, account), { name: "KubeConfigError", message: /ca\.crt is missing; mount/ });
  });

  it("of several files the first of each name, passing over those that do not exist", async () => {
    const one = await write("one/config", {
      ...config({ cluster: { server: "http://one", "certificate-authority": "ca.crt" } }),
      "current-context": "",
    });
    await write("one/ca.crt", "");
    const two = await write("two", {
      ...config({ cluster: { server: "http://two" } }),
      contexts: [{ name: "y", context: { cluster: "c", user: "u" } }],
      "current-context": "y",
    });
    const access = await load({ KUBECONFIG: `/no/such:${one}:${two}` });
    assert.deepEqual([access.server, access.namespace, access.source], ["http://one", null, two]);
  });

  it("a context without a user, as one without credentials", async () => {
    const path = await write("anonymous", config({ context: { cluster: "c" } }));
    assert.deepEqual((await (await load({ KUBECONFIG: path })).credentials()).headers, {});
  });

  it("credentials of each kind", async () => {
    const headersFor = async (user: unknown) => {
      const access = await load({ KUBECONFIG: await write("kinds", config({ user })) });
      return (await access.credentials()).headers;
    };
    await write("tok", "from-file\n");
    assert.deepEqual(await headersFor({ token: "lit" }), { authorization: "Bearer lit" });
    assert.deepEqual(await headersFor({ token: "lit", tokenFile: "tok" }), { authorization: "Bearer from-file" });
    assert.deepEqual(await headersFor({ username: "a", password: "b:c" }), {
      authorization: `Basic ${Buffer.from("a:b:c").toString("base64")}`,
    });
    assert.deepEqual(await headersFor({ token: "lit", as: "jane", "as-uid": "7", "as-groups": ["dev", "ops"] }), {
      authorization: "Bearer lit",
      "impersonate-user": "jane",
      "impersonate-uid": "7",
      "impersonate-group": ["dev", "ops"],
    });
  });
});

describe("exec plugins", () => {
  const plugin = async (script: string): Promise<KubeAccess> => {
    const command = await write("plugin", `#!/bin/sh\n${script}\n`);
    await chmod(command, 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command, interactiveMode: "Never" };
    return await load({ KUBECONFIG: await write("exec", config({ user: { exec } })) });
  };
  const credential = (token: string): string =>
    `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"${token}"}}`;

  it("give the token, run once, and run again when it is renewed", async () => {
    const counter = join(folder, "runs");
    const access = await plugin(`echo run >> ${counter}; echo '${credential("abc")}'`);
    const tokens = [await access.credentials(), await access.credentials()].map(({ headers }) => headers.authorization);
    assert.deepEqual(tokens, ["Bearer abc", "Bearer abc"]);
    assert.equal(await readFile(counter, "utf8"), "run\n");
    await access.renew();
    await access.credentials();
    assert.equal(await readFile(counter, "utf8"), "run\nrun\n");
  });

  it("that fail are a failure that may pass, with what they said", async () => {
    const client = createKubeClient(await plugin("echo 'login expired' >&2; exit 3"));
    const result = await client.request({ method: "GET", path: "/api/v1/services" });
    assert.deepEqual(result, { ok: false, failure: { kind: "credentials", message: "login expired" } });
  });

  it("that hang are given up at the request's deadline", async () => {
    const client = createKubeClient(await plugin("exec sleep 1"), { limits: { timeoutMs: 200 } });
    const result = await client.request({ method: "GET", path: "/api/v1/services" });
    assert.ok(!result.ok && result.failure.kind === "timeout");
  });
});
