import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { etcdArgs, type KubeApiServerScope, kubeApiServerArgs } from "./kube-apiserver-args.ts";
import { freePort } from "./ports.ts";
import { kubeconfigFor, requestOnce, type TestApiServer } from "./test-apiserver.ts";
import { waitFor } from "./wait.ts";

export type { TestApiServer } from "./test-apiserver.ts";

const TOKEN = "hotroute-test-token";

/** The folder with `etcd` and `kube-apiserver` (the convention of controller-runtime's envtest), or why there is none. */
const findAssets = (): { readonly folder: string } | { readonly missing: string } => {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (folder === undefined || folder === "") return { missing: "no kube-apiserver: set KUBEBUILDER_ASSETS" };
  const absent = ["etcd", "kube-apiserver"].filter((name) => !existsSync(join(folder, name)));
  if (absent.length > 0) return { missing: `no kube-apiserver: KUBEBUILDER_ASSETS has no ${absent.join(" and no ")}` };
  return { folder };
};

/** True where a real kube-apiserver can be started; otherwise the reason why not, as given to `t.skip`. */
export const kubeApiServerAvailable = (): true | string => {
  const assets = findAssets();
  return "folder" in assets ? true : assets.missing;
};

interface Running {
  readonly child: ChildProcess;
  /** The last lines that the program wrote, for the message when it fails. */
  readonly tail: () => string;
}

/**
 * kube-apiserver 1.20 built with Go 1.19 (as Debian's is) mixes up types after a garbage collection and then drops the
 * connection on some bodies: so it collects only when its memory nears this limit. Later versions do not mind.
 */
const WITHOUT_COLLECTION = { GOGC: "off", GOMEMLIMIT: "1500MiB" };

const run = (program: string, args: readonly string[]): Running => {
  const env = { ...process.env, ...WITHOUT_COLLECTION };
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096);
  });
  child.on("error", (error) => {
    said += `\n${error.message}`;
  });
  return { child, tail: () => said };
};

const ended = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (ended(child)) return;
  child.kill(signal);
  await waitFor(`process ${child.pid} to end`, () => ended(child));
};

/** A real server, with what a test can do to its etcd. */
export interface KubeApiServer extends TestApiServer {
  readonly kind: "kube-apiserver";
  /** Forgets the history of etcd: older page tokens, and older watches that no cache serves, get 410 Gone. */
  compact(): Promise<void>;
}

/** etcd's compaction, through its JSON gateway. */
const compactEtcd = async (etcdUrl: string): Promise<void> => {
  const post = async (path: string, body: unknown): Promise<string> => {
    const answer = await fetch(`${etcdUrl}${path}`, { method: "POST", body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${text}`);
    return text;
  };
  // The header of any answer tells the current revision, as a string of digits.
  const header = await post("/v3/kv/range", { key: "AA==" });
  const revision = /"revision":"(\d+)"/.exec(header)?.[1];
  if (revision === undefined) throw new Error(`etcd told no revision: ${header}`);
  await post("/v3/kv/compaction", { revision, physical: true });
};

const startOnce = async (assets: string, scope: KubeApiServerScope): Promise<KubeApiServer> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-kube-apiserver-"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(join(folder, "sa.key"), privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "tokens.csv"), `${TOKEN},admin,admin,"system:masters"\n`, { mode: 0o600 });
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const etcd = run(join(assets, "etcd"), etcdArgs(folder, etcdUrl, `http://127.0.0.1:${peerPort}`));
  const program = join(assets, "kube-apiserver");
  const server = run(program, kubeApiServerArgs({ program, folder, etcdUrl, port }, scope));
  const killAtExit = (): void => {
    server.child.kill("SIGKILL");
    etcd.child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", killAtExit);
  // A test file that is interrupted must leave no servers behind; the signal then takes its usual course.
  const endAtSignal = (signal: NodeJS.Signals): void => {
    killAtExit();
    process.kill(process.pid, signal);
  };
  process.once("SIGINT", endAtSignal);
  process.once("SIGTERM", endAtSignal);
  const stop = async (): Promise<void> => {
    process.off("exit", killAtExit);
    process.off("SIGINT", endAtSignal);
    process.off("SIGTERM", endAtSignal);
    // Neither has anything to save, and kube-apiserver's own shutdown waits for watches for many seconds.
    await Promise.all([end(server.child, "SIGKILL"), end(etcd.child, "SIGKILL")]);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const caPem = await waitUntilReady(folder, port, etcd, server);
    const endpoint = { url: `https://127.0.0.1:${port}`, token: TOKEN, caPem };
    const kubeconfigPath = join(folder, "kubeconfig");
    await writeFile(kubeconfigPath, kubeconfigFor(endpoint), { mode: 0o600 });
    return {
      kind: "kube-apiserver",
      ...endpoint,
      kubeconfigPath,
      request: (method, path, options) => requestOnce(endpoint, method, path, options),
      compact: () => compactEtcd(etcdUrl),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Ready: it proves itself with the certificate that it made in our folder, and what it creates at start is there. */
const waitUntilReady = async (folder: string, port: number, etcd: Running, server: Running): Promise<string> => {
  let died = "";
  const caPem = await waitFor(
    "kube-apiserver to be ready",
    async () => {
      for (const { child, tail } of [etcd, server]) if (ended(child)) died = `${child.spawnfile} ended: ${tail()}`;
      if (died !== "") return "";
      const pem = await readFile(join(folder, "certs", "apiserver.crt"), "utf8");
      const endpoint = { url: `https://127.0.0.1:${port}`, token: TOKEN, caPem: pem };
      for (const path of ["/readyz", "/api/v1/namespaces/default", "/api/v1/namespaces/default/services/kubernetes"]) {
        if ((await requestOnce(endpoint, "GET", path)).status !== 200) return null;
      }
      return pem;
    },
    { deadlineMs: 60_000, everyMs: 50 },
  );
  if (died !== "") throw new Error(died);
  return caPem;
};

/**
 * Starts etcd and kube-apiserver from KUBEBUILDER_ASSETS on free loopback ports, and waits until the `default` namespace
 * and the `kubernetes` Service exist. There is no controller manager.
 *
 * @throws Error when the assets are missing (see kubeApiServerAvailable) or one of the programs ends.
 */
export const startKubeApiServer = async (scope: KubeApiServerScope = "services"): Promise<KubeApiServer> => {
  const assets = findAssets();
  if (!("folder" in assets)) throw new Error(assets.missing);
  try {
    return await startOnce(assets.folder, scope);
  } catch {
    // Another process may have taken a port between the question and the start; that does not happen twice in a row.
    return await startOnce(assets.folder, scope);
  }
};
