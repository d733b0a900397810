// Which functions of a bundle its start calls: it is started, beside an API server with some Services.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiServer, startApiServer } from "../../src/apiserver/server.ts";
import type { FunctionRange } from "./eager.ts";

const deadlineMs = 60_000;

/** A Pod's worth of Services: most in the usual form, some with keys that others have not. */
const services: readonly Readonly<Record<string, string>>[] = [
  ...Array.from({ length: 40 }, (_, index) => ({ "hotroute.io/host": `shop-${index}.example.com` })),
  { "hotroute.io/host": "www.example.com,example.com", "hotroute.io/path": "/api" },
  { "hotroute.io/host": "*.example.org" },
  { "hotroute.io/host": "not a host" },
];

const createService = async (api: ApiServer, keys: Readonly<Record<string, string>>, index: number): Promise<void> => {
  const metadata = { name: `service-${index}`, labels: { "hotroute.io/expose": "true" }, annotations: keys };
  const answer = await fetch(`${api.url}/api/v1/namespaces/default/services`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } }),
  });
  if (!answer.ok) throw new Error(`creating a Service: ${answer.status} ${await answer.text()}`);
};

/** What `NODE_V8_COVERAGE` writes; source: the Profiler domain of https://chromedevtools.github.io/devtools-protocol/v8/ */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly (FunctionRange & { readonly count: number })[] }[];
  }[];
}

const calledIn = (coverage: Coverage, file: string): readonly FunctionRange[] =>
  coverage.result
    .filter(({ url }) => url.endsWith(`/${file}`))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.slice(0, 1)))
    .filter(({ count, startOffset }) => count > 0 && startOffset > 0);

const ended = async (child: ChildProcess, name: string): Promise<void> => {
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
};

/** Waits until the generator, which has said where it listens, is ready; then ends it. */
const endWhenReady = async (child: ChildProcess): Promise<void> => {
  if (child.stdout === null) throw new Error("the generator has no output");
  for await (const line of createInterface(child.stdout)) {
    const { port } = JSON.parse(line) as { readonly port?: number };
    if (port === undefined) continue;
    while ((await fetch(`http://127.0.0.1:${port}/readyz`)).status !== 200) await sleep(10);
    child.kill("SIGTERM");
    return;
  }
};

/** Starts a bundle and lets it come to its end, or ends it when it is ready. */
const run = async (dist: string, name: string, folder: string): Promise<readonly FunctionRange[]> => {
  const coverage = join(folder, `coverage-${name}`);
  const child = spawn(process.execPath, [join(dist, `${name}.cjs`)], {
    env: {
      KUBECONFIG: join(folder, "kubeconfig"),
      CONFIG_DIR: folder,
      RUN_DIR: folder,
      GENERATOR_LISTEN: "127.0.0.1:0",
      NGINX_VERSION: "1.30.6",
      NODE_V8_COVERAGE: coverage,
    },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: deadlineMs,
  });
  try {
    await Promise.all([ended(child, name), name === "generator" ? endWhenReady(child) : child.stdout?.resume()]);
  } finally {
    child.kill("SIGKILL");
  }
  const files = await readdir(coverage);
  const reports = await Promise.all(files.map((file) => readFile(join(coverage, file), "utf8")));
  return reports.flatMap((text) => calledIn(JSON.parse(text) as Coverage, `${name}.cjs`));
};

/**
 * Starts the bundles of init and of the generator, one after the other.
 *
 * @param dist where they are
 * @returns by the bundle's name the functions that ran
 */
export const profileStarts = async (dist: string): Promise<ReadonlyMap<string, readonly FunctionRange[]>> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-build-"));
  const api = await startApiServer({ serviceClusterIpRange: "127.96.0.0/16" });
  try {
    await writeFile(join(folder, "kubeconfig"), api.kubeconfig(), { mode: 0o600 });
    for (const [index, keys] of services.entries()) await createService(api, keys, index);
    const called = new Map<string, readonly FunctionRange[]>();
    for (const name of ["init", "generator"]) called.set(name, await run(dist, name, folder));
    return called;
  } finally {
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
