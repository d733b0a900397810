import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ListenValue, parseListenList } from "../nginx/listen.ts";
import type { Environment } from "../settings/environment.ts";

/** What `nginx -t` said. */
export type NginxVerdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly said: string }
  /** nginx could not be run. */
  | { readonly kind: "absent"; readonly reason: string };

const timeoutMs = 60_000;

/**
 * Listen addresses for the test alone: nginx binds them even for `-t`, and neither root nor the Pod's own addresses can be
 * had everywhere. As many as there are, so that the lines stay the same.
 */
export const testListens = (listens: readonly ListenValue[]): readonly ListenValue[] =>
  listens.flatMap((_, index) => parseListenList(`127.0.0.1:${18_080 + index}`) ?? []);

/** The least that makes `default.conf` a whole configuration; every path lies in the folder. */
const mainConf = (folder: string): string => {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = temporary.map((name) => `    ${name}_temp_path "${folder}/${name}";\n`).join("");
  return `pid "${folder}/nginx.pid";\nerror_log stderr;\nevents {}\nhttp {\n    access_log off;\n${paths}    include "${folder}/default.conf";\n}\n`;
};

const run = (nginxBin: string, args: readonly string[], environment: Environment): Promise<NginxVerdict> =>
  new Promise((resolve) => {
    const child = spawn(nginxBin, args, { env: environment, stdio: ["ignore", "ignore", "pipe"], timeout: timeoutMs });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    child.once("error", ({ message }) => resolve({ kind: "absent", reason: message }));
    child.once("close", (code, signal) => {
      const ending = signal === null ? "" : `ended by ${signal}, after ${timeoutMs} ms at most`;
      resolve(code === 0 ? { kind: "accepted" } : { kind: "refused", said: said.trim() || ending });
    });
  });

/** Asks nginx whether it takes a `default.conf`. It runs in a folder of its own, without root. */
export const testWithNginx = async (
  text: string,
  nginxBin: string,
  environment: Environment,
): Promise<NginxVerdict> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-check-"));
  try {
    await writeFile(join(folder, "default.conf"), text);
    await writeFile(join(folder, "nginx.conf"), mainConf(folder));
    const args = ["-t", "-q", "-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
    const verdict = await run(nginxBin, args, environment);
    return verdict.kind === "refused" ? { ...verdict, said: verdict.said.replaceAll(`${folder}/`, "") } : verdict;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
