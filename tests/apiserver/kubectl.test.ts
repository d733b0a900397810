import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Kubectl, type KubectlResult, kubectlAvailable, kubectlFor } from "../support/kubectl.ts";
import { waitFor } from "../support/wait.ts";
import { serversUnderTest } from "./servers.ts";

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: shop
  labels: {app: shop}
  annotations: {hotroute.io/path: /shop}
spec:
  selector: {app: shop}
  ports:
  - {name: http, port: 80, targetPort: 8080, protocol: TCP}
`;

const OTHER = SERVICE.replaceAll("shop", "blog");

/** Without one label and with another port. */
const CHANGED = SERVICE.replace("{app: shop}\n  annotations", "{tier: web}\n  annotations").replace(
  "port: 80,",
  "port: 81,",
);

const UNKNOWN = `${SERVICE}  nonsense: true\n`;

/** What differs from server to server and from run to run. */
const normalized = (text: string): string =>
  text
    .replace(/127\.96\.\d+\.\d+/g, "ADDRESS")
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UID")
    .replace(/(resourceVersion: )"\d+"/g, '$1"RV"')
    .replace(/"?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"?/g, "TIME")
    .replace(/\/tmp\/\S+/g, "FILE")
    .replace(/\b\d+(s|m\d*s?)\b/g, "AGE")
    .replace(/^[-+ ]? *(ipFamil\w*|internalTrafficPolicy):.*\n([-+ ]? *- IPv4\n)?/gm, "")
    .replace(/^(IP Famil\w*( Policy)?|Internal Traffic Policy):.*\n/gm, "")
    .replace(/^@@.*@@$/gm, "@@")
    .replace(/ +$/gm, "")
    .replace(/ {2,}/g, "  ");

interface Step {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What its output has to say; the two servers' outputs are compared too, unless it is only exit codes that can be. */
  readonly says?: RegExp;
  readonly code?: number;
  readonly compare?: "output" | "code";
}

const apply = (stdin: string, ...args: readonly string[]): Step => ({ args: ["apply", "-f", "-", ...args], stdin });
const say = (says: RegExp, ...args: readonly string[]): Step => ({ args, says });

/** A person's session, command by command. */
const session = (editor: string): readonly Step[] => [
  { ...apply(SERVICE), says: /^service\/shop created$/m },
  { ...apply(SERVICE), says: /unchanged/ },
  { ...apply(CHANGED, "--dry-run=server"), says: /server dry run/ },
  { args: ["diff", "-f", "-"], stdin: CHANGED, says: /^\+ +tier: web$/m, code: 1, compare: "code" },
  { ...apply(CHANGED), says: /configured/ },
  say(/^web$/m, "get", "service", "shop", "-o", "jsonpath={.metadata.labels.tier} {.metadata.labels.app}{'\\n'}"),
  { args: ["diff", "-f", "-"], stdin: CHANGED, code: 0 },
  { ...apply(CHANGED, "--server-side"), says: /serverside-applied/ },
  { ...apply(SERVICE, "--server-side"), says: /serverside-applied/ },
  { ...apply(SERVICE.replace("/shop", "/other"), "--server-side", "--field-manager=two"), says: /conflict/, code: 1 },
  {
    ...apply(SERVICE.replace("/shop", "/other"), "--server-side", "--field-manager=two", "--force-conflicts"),
    says: /serverside/,
  },
  { ...apply(UNKNOWN), code: 1, says: /unknown field "spec.nonsense"|ValidationError/, compare: "code" },
  { args: ["create", "-f", "-"], stdin: OTHER, says: /service\/blog created/ },
  { args: ["create", "-f", "-"], stdin: OTHER, says: /AlreadyExists/, code: 1 },
  say(/cip created/, "create", "service", "clusterip", "cip", "--tcp=80:8080"),
  say(/namespace\/other created/, "create", "namespace", "other"),
  say(/cip created/, "create", "service", "clusterip", "cip", "--tcp=80:8080", "-n", "other"),
  say(/^blog +ClusterIP +ADDRESS +<none> +80\/TCP/m, "get", "services"),
  say(/SELECTOR/, "get", "services", "-o", "wide"),
  say(/^default +kubernetes/m, "get", "services", "-A"),
  say(/LABELS/, "get", "services", "--show-labels"),
  say(/blog/, "get", "services", "-l", "app=blog"),
  say(/cip/, "get", "services", "--field-selector", "metadata.name=cip"),
  say(/^service\/blog$/m, "get", "services", "-o", "name"),
  say(/kind: Service/, "get", "service", "shop", "-o", "yaml"),
  { args: ["get", "service", "missing"], says: /NotFound/, code: 1 },
  { args: ["get", "nonsense"], says: /the server doesn't have a resource type/, code: 1 },
  say(/labeled/, "label", "service", "shop", "hotroute.io/expose=true", "hotroute.io/host=shop.example"),
  { args: ["label", "service", "shop", "hotroute.io/host=other.example"], says: /overwrite/, code: 1 },
  say(/labeled/, "label", "service", "shop", "hotroute.io/host=other.example", "--overwrite"),
  say(/unlabeled|labeled/, "label", "service", "shop", "hotroute.io/host-"),
  say(/service\/shop annotate/, "annotate", "service", "shop", "hotroute.io/priority=5"),
  say(/service\/shop annotate/, "annotate", "service", "shop", "hotroute.io/priority-"),
  say(/patched/, "patch", "service", "shop", "-p", '{"metadata":{"labels":{"p":"1"}}}'),
  say(/patched/, "patch", "service", "shop", "--type=merge", "-p", '{"metadata":{"labels":{"p":"2"}}}'),
  say(/patched/, "patch", "service", "shop", "--type=json", "-p", '[{"op":"remove","path":"/metadata/labels/p"}]'),
  say(/no change/, "patch", "service", "shop", "--type=merge", "-p", '{"metadata":{"labels":{"p":null}}}'),
  { args: ["edit", "service", "shop"], env: { KUBE_EDITOR: editor }, says: /edited/ },
  say(/^edited$/m, "get", "service", "shop", "-o", "jsonpath={.metadata.labels.by}{'\\n'}"),
  say(/condition met/, "wait", "service/shop", "--for=jsonpath={.metadata.labels.by}=edited", "--timeout=10s"),
  { args: ["replace", "--force", "-f", "-"], stdin: OTHER, says: /replaced/ },
  say(/TargetPort: +8080\/TCP/, "describe", "service", "shop"),
  say(/Active/, "get", "namespaces"),
  { ...say(/services +svc +v1 +true +Service/, "api-resources"), compare: "code" },
  { ...say(/KIND: +Service/, "explain", "service"), compare: "code" },
  { ...say(/<integer>/, "explain", "service.spec.ports.port"), compare: "code" },
  { ...say(/Server Version/, "version"), compare: "code" },
  say(/^yes$/m, "auth", "can-i", "list", "services"),
  say(/deleted/, "delete", "service", "cip"),
  { args: ["delete", "service", "cip"], says: /NotFound/, code: 1 },
  say(/deleted/, "delete", "services", "-l", "app=blog"),
  { args: ["delete", "-f", "-"], stdin: SERVICE, says: /deleted/ },
  say(/service "cip" deleted/, "delete", "services", "--all", "-n", "other"),
];

/** With kubectl of 1.20, `wait` knows no jsonpath and `api-resources` no plain group: such steps are told by their error. */
const isUnknownToOldKubectl = (result: KubectlResult): boolean =>
  /unknown (flag|shorthand)|unrecognized condition/.test(result.stderr);

const describeStep = ({ args }: Step, result: KubectlResult): string =>
  `kubectl ${args.join(" ")}\n${result.stdout}\n${result.stderr}`;

describe("kubectl", () => {
  const reason = kubectlAvailable();
  if (reason !== true) {
    test("a session", (t) => t.skip(reason));
    return;
  }
  const servers = serversUnderTest();
  const running = servers.filter(({ missing }) => missing === null);
  let folder = "";
  let kubectls: readonly Kubectl[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hotroute-kubectl-edit-"));
    await writeFile(join(folder, "edit.sh"), '#!/bin/sh\nsed -i "s/^  labels:/  labels:\\n    by: edited/" "$1"\n', {
      mode: 0o755,
    });
    kubectls = running.map(({ server }) => kubectlFor(server().kubeconfigPath));
  });
  after(async () => {
    for (const kubectl of kubectls) kubectl.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test("a session of a person gives what is expected, and the same on both servers", async (t) => {
    for (const { missing } of servers) if (missing !== null) t.diagnostic(missing);
    for (const step of session(join(folder, "edit.sh"))) {
      const options = {
        ...(step.stdin === undefined ? {} : { stdin: step.stdin }),
        ...(step.env ? { env: step.env } : {}),
      };
      const results = await Promise.all(kubectls.map((kubectl) => kubectl(step.args, options)));
      const texts = results.map((result) => normalized(`${result.stdout}${result.stderr}`));
      if (results.some(isUnknownToOldKubectl)) continue;
      for (const [index, result] of results.entries()) {
        assert.equal(result.code, step.code ?? 0, describeStep(step, result));
        if (step.says) assert.match(texts[index] ?? "", step.says, describeStep(step, result));
      }
      if (step.compare !== "code")
        assert.equal(new Set(texts).size, 1, `kubectl ${step.args.join(" ")}\n${texts.join("\n--- other server:\n")}`);
    }
  });

  test("get -w prints changes as they happen", async () => {
    for (const kubectl of kubectls) {
      const stop = new AbortController();
      let seen = "";
      const onStdout = (text: string): void => {
        seen += text;
      };
      const watching = kubectl(["get", "services", "-w", "-o", "name"], { signal: stop.signal, onStdout });
      await waitFor("the Service that is there", () => seen.includes("service/kubernetes"));
      await kubectl(["create", "service", "clusterip", "seen", "--tcp=80"]);
      await waitFor("the new Service", () => seen.includes("service/seen"));
      stop.abort();
      await watching;
      assert.equal((await kubectl(["delete", "service", "seen"])).code, 0);
    }
  });

  test("describe and get events show the Events of a Service", async () => {
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "shown", namespace: "default" },
      reason: "Routed",
      message: "the route is live",
      type: "Normal",
      source: { component: "hotroute" },
      firstTimestamp: "2024-01-01T00:00:00Z",
      lastTimestamp: "2024-01-01T00:00:00Z",
      count: 1,
    };
    for (const kubectl of kubectls) {
      // describe asks for the Events of that very object, by its uid.
      const { stdout: uid } = await kubectl(["get", "service", "kubernetes", "-o", "jsonpath={.metadata.uid}"]);
      const involvedObject = { kind: "Service", name: "kubernetes", namespace: "default", uid };
      const stdin = JSON.stringify({ ...event, involvedObject });
      assert.equal((await kubectl(["create", "-f", "-"], { stdin })).code, 0);
      const described = await kubectl(["describe", "service", "kubernetes"]);
      assert.match(described.stdout, /Normal +Routed +\S+ +hotroute +the route is live/, described.stderr);
      const listed = await kubectl(["get", "events"]);
      assert.match(listed.stdout, /Normal +Routed +service\/kubernetes +the route is live/, listed.stderr);
    }
  });

  test("a namespace is deleted with what it holds", async () => {
    // A bare kube-apiserver has no namespace controller.
    const [kubectl] = kubectls;
    assert.ok(kubectl);
    await kubectl(["create", "namespace", "gone"]);
    await kubectl(["create", "service", "clusterip", "in-it", "--tcp=80", "-n", "gone"]);
    assert.equal((await kubectl(["delete", "namespace", "gone"])).code, 0);
    assert.match((await kubectl(["get", "services", "-n", "gone"])).stderr, /No resources found/);
    assert.match((await kubectl(["get", "namespace", "gone"])).stderr, /NotFound/);
  });
});
