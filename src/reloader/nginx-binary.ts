import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { ProgramError } from "../ops/program.ts";

/** The nginx that serves, and what it can do. */
export interface NginxBinary {
  /** Absolute path. */
  readonly path: string;
  readonly version: string;
  /** Has `keepalive_min_timeout` (1.27.4). Source: https://nginx.org/en/CHANGES */
  readonly hasKeepaliveMinTimeout: boolean;
  readonly hasStubStatus: boolean;
  readonly hasRealip: boolean;
  readonly hasHttp2: boolean;
  /**
   * What stands before the command so that the kernel ends nginx when the reloader dies, even by SIGKILL; empty where
   * there is no such program. Source: setpriv(1), PR_SET_PDEATHSIG in prctl(2)
   */
  readonly launcher: readonly string[];
}

const isProgram = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

const findOnPath = async (name: string, directories: readonly string[]): Promise<string | null> => {
  for (const directory of directories) {
    const path = resolve(directory, name);
    if (directory !== "" && (await isProgram(path))) return path;
  }
  return null;
};

const findNginx = async (nginxBin: string, searchPath: readonly string[]): Promise<string> => {
  if (!nginxBin.includes("/")) {
    const found = await findOnPath(nginxBin, searchPath);
    if (found !== null) return found;
    throw new ProgramError(`there is no ${nginxBin} on PATH: install nginx, or set NGINX_BIN to its path`);
  }
  const path = resolve(nginxBin);
  if (await isProgram(path)) return path;
  throw new ProgramError(`${path} is no program that can be run: install nginx there, or set NGINX_BIN to its path`);
};

/** Runs a program and gives what it wrote to standard error. */
const stderrOf = (command: readonly [string, ...string[]]): Promise<string> =>
  new Promise((resolveText, reject) => {
    const [file, ...args] = command;
    execFile(file, args, { timeout: 10_000, killSignal: "SIGKILL" }, (error, _stdout, stderr) => {
      if (error === null) resolveText(stderr);
      else reject(error);
    });
  });

/** -1, 0, 1 as dotted version numbers compare. */
const compareVersions = (left: string, right: string): number => {
  const parts = (text: string): readonly number[] => text.split(".").map(Number);
  const [a, b] = [parts(left), parts(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
};

/** Reads what `nginx -V` writes; null when it is not nginx's. */
export const parseNginxVersion = (text: string): Omit<NginxBinary, "path" | "launcher"> | null => {
  const version = /^nginx version: [\w-]+\/(\d+\.\d+\.\d+(?:\.\d+)?)/m.exec(text)?.[1];
  if (version === undefined) return null;
  const has = (option: string): boolean => new RegExp(`(?:^|\\s)${option}(?:\\s|$)`, "m").test(text);
  return {
    version,
    hasKeepaliveMinTimeout: compareVersions(version, "1.27.4") >= 0,
    hasStubStatus: has("--with-http_stub_status_module"),
    hasRealip: has("--with-http_realip_module"),
    hasHttp2: has("--with-http_v2_module"),
  };
};

/**
 * Finds nginx and asks it what it is.
 *
 * @throws ProgramError when there is none, or what is there is not nginx
 */
export const probeNginx = async (nginxBin: string, searchPath: readonly string[]): Promise<NginxBinary> => {
  const path = await findNginx(nginxBin, searchPath);
  let text: string;
  try {
    text = await stderrOf([path, "-V"]);
  } catch (cause) {
    throw new ProgramError(`${path} -V failed: set NGINX_BIN to an nginx that runs here`, { cause });
  }
  const known = parseNginxVersion(text);
  if (known === null) throw new ProgramError(`${path} is not nginx: set NGINX_BIN to nginx's path`);
  return { path, ...known, launcher: await findLauncher(path, searchPath) };
};

/** BusyBox has a setpriv that lacks the option: only a run of the whole command tells. */
const findLauncher = async (nginx: string, searchPath: readonly string[]): Promise<readonly string[]> => {
  const setpriv = await findOnPath("setpriv", searchPath);
  if (setpriv === null) return [];
  try {
    await stderrOf([setpriv, "--pdeathsig", "TERM", nginx, "-v"]);
    return [setpriv, "--pdeathsig", "TERM"];
  } catch {
    return [];
  }
};
