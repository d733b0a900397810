import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build, type Plugin } from "esbuild";

/** Memory of an idle process in MB (10^6 bytes / 1.048576: as the kernel's kB / 1024), and the Services it held. */
export interface MemorySample {
  readonly services: number;
  readonly rssAnonMb: number;
  readonly rssMb: number;
}

const IDLE_MS = 15_000;

/** Where client-node lies, which the reflector loads only for exec plugins, auth providers and proxies. */
export type Layout = "one file" | "client-node apart";

const CLIENT_NODE_CONFIG = /^@kubernetes\/client-node\/dist\/config\.js$/;

const clientNodeApart: Plugin = {
  name: "client-node-apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: CLIENT_NODE_CONFIG }, () => ({ path: "./client-node.cjs", external: true }));
  },
};

/** Bundles a program as the product is: minified CommonJS. Returns its path. */
export const bundle = async (program: string, folder: string, layout: Layout): Promise<string> => {
  const outfile = join(folder, `${program}.cjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `${program}.ts`)],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    legalComments: "none",
    logLevel: "error",
    plugins: layout === "one file" ? [] : [clientNodeApart],
  });
  return outfile;
};

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text.split("\n")[0] ?? "");
    });
    child.once("exit", (code) => reject(new Error(`the measured program ended with ${code}`)));
  });

/** Runs a bundled program until it is idle, and reads `/proc/PID/status`. */
export const measureMemory = async (bundled: string, kubeconfigPath: string): Promise<MemorySample> => {
  const env = { PATH: process.env.PATH, KUBECONFIG: kubeconfigPath };
  const child = spawn(process.execPath, [bundled], { env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const services = Number(await firstLine(child));
    await sleep(IDLE_MS);
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    const readMb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
    return { services, rssAnonMb: readMb("RssAnon"), rssMb: readMb("VmRSS") };
  } finally {
    child.kill("SIGKILL");
  }
};
