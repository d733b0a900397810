import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it with SIGTERM, as a person ends `get -w`. */
  readonly signal?: AbortSignal;
  /** Called with each piece of standard output as it comes. */
  readonly onStdout?: (text: string) => void;
}

/** A kubectl bound to one kubeconfig, with a discovery cache of its own (the shared one outlives a test's server). */
export interface Kubectl {
  (args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Removes its cache folder. */
  readonly dispose: () => void;
}

/** True where `kubectl` is on PATH; otherwise the reason, as given to `t.skip`. */
export const kubectlAvailable = (): true | string =>
  spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" }).status === 0 ? true : "no kubectl on PATH";

const collect = (args: readonly string[], env: NodeJS.ProcessEnv, options: KubectlOptions): Promise<KubectlResult> =>
  new Promise((resolve, reject) => {
    const child = spawn("kubectl", args, {
      env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 60_000,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      options.onStdout?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => {
      if (error.name !== "AbortError") reject(error);
    });
    child.on("close", (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 128), stdout, stderr }));
    // kubectl may end before it has read its input (a bad flag); that is its exit code's to tell.
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });

/** Not worth its while for a program that lives for a tenth of a second. */
const WITHOUT_COLLECTION = { GOGC: "off", GOMEMLIMIT: "500MiB" };

/** A kubectl for one kubeconfig file; a run is ended after 60 s. */
export const kubectlFor = (kubeconfigPath: string): Kubectl => {
  const cache = mkdtempSync(join(tmpdir(), "hotroute-kubectl-"));
  const run = (args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> =>
    collect(
      ["--cache-dir", cache, ...args],
      { ...process.env, ...WITHOUT_COLLECTION, KUBECONFIG: kubeconfigPath, ...options.env },
      options,
    );
  return Object.assign(run, { dispose: () => rmSync(cache, { recursive: true, force: true }) });
};
