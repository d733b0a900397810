import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NginxUnderTest } from "./nginx-binaries.ts";
import { waitFor } from "./wait.ts";

/** Writes the least that makes a `default.conf` a whole configuration; every path lies in the folder. */
const writeMainConf = async (folder: string, defaultConf: string): Promise<string> => {
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `    ${name}_temp_path ${folder}/${name};\n`)
    .join("");
  const path = join(folder, "nginx.conf");
  // A test's standard output may be a socket, which nginx cannot open.
  await writeFile(join(folder, "default.conf"), defaultConf.replaceAll("/dev/stdout", join(folder, "access.log")));
  await writeFile(
    path,
    `worker_processes 1;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n    access_log /dev/null combined if=0;\n${temp}    include ${folder}/default.conf;\n}\n`,
  );
  return path;
};

/** What `nginx -t` says of a `default.conf`: its exit code, and its words. */
export const testConfiguration = async (
  nginx: NginxUnderTest,
  defaultConf: string,
): Promise<{ readonly code: number; readonly stderr: string }> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-nginx-"));
  try {
    const path = await writeMainConf(folder, defaultConf);
    const { status, stderr } = spawnSync(nginx.path, ["-t", "-c", path, "-e", "stderr"], { encoding: "utf8" });
    return { code: status ?? 1, stderr };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** An nginx that serves one `default.conf`. */
export interface NginxServer {
  readonly masterPid: number;
  stop(): Promise<void>;
}

/** Starts nginx on a `default.conf` that listens on `port` of 127.0.0.1, and waits until it answers. */
export const startNginx = async (nginx: NginxUnderTest, defaultConf: string, port: number): Promise<NginxServer> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-nginx-"));
  // nginx's workers, who are nobody when this is root, must reach their temporary files in it.
  await chmod(folder, 0o755);
  const path = await writeMainConf(folder, defaultConf);
  const child = spawn(nginx.path, ["-c", path, "-e", "stderr", "-g", "daemon off;"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const killAtExit = (): void => void child.kill("SIGTERM");
  process.once("exit", killAtExit);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    process.off("exit", killAtExit);
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(`nginx ${nginx.version} to answer on ${port}`, () => get({ port, host: "x", path: "/" }));
  } catch (error) {
    await stop();
    throw new Error(`nginx did not come up: ${stderr}`, { cause: error });
  }
  return { masterPid: child.pid ?? 0, stop };
};

/** What came back for one request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One GET on a connection of its own. The path is sent as it is. */
export const get = (options: {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const { port, host, path, headers = {} } = options;
    const sent = request({ host: "127.0.0.1", port, path, headers: { host, ...headers }, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        body += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      answer.on("error", reject);
    });
    sent.setTimeout(20_000, () => sent.destroy(new Error("no answer within 20 s")));
    sent.on("error", reject);
    sent.end();
  });
