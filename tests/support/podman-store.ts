import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where scripts/ensure-podman keeps its settings and the stand-ins for the base images between runs. */
export const podmanCache = "/var/cache/hotroute-podman";

const basesPath = join(podmanCache, "bases.json");

/** For a test's `skip`: why no image can be built here, or false. */
export const skipWithoutPodman: string | false =
  process.getuid?.() === 0 && existsSync(basesPath)
    ? false
    : "no podman with base images: run scripts/ensure-podman as root";

/** The stand-ins for the base images. */
export interface Bases {
  readonly nodeImage: string;
  readonly nginxImage: string;
}

export const readBases = (): Bases => JSON.parse(readFileSync(basesPath, "utf8")) as Bases; // ensure-podman's own file

/** The environment in which podman and buildah use that store. */
export const storeEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "",
  HOME: process.env.HOME ?? "/root",
  CONTAINERS_STORAGE_CONF: join(podmanCache, "storage.conf"),
  CONTAINERS_CONF: join(podmanCache, "containers.conf"),
  TMPDIR: join(podmanCache, "tmp"),
};

/** What a command said and ended with. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; it and what it started in its group are killed after the deadline. */
export const runCommand = (
  command: readonly [string, ...string[]],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly deadlineMs?: number;
  } = {},
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [file, ...args] = command;
    const { env, cwd, deadlineMs = 120_000 } = options;
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    });
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(kill, deadlineMs);
    process.once("exit", kill);
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      process.off("exit", kill);
      resolve({ code, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") });
    });
  });

/** Runs podman in the store; its standard output. @throws Error with what it said */
export const podmanInStore = (...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync("podman", args, { env: { ...storeEnvironment }, encoding: "utf8" });
  if (status !== 0) throw new Error(`podman ${args.join(" ")}: ${stderr}`);
  return stdout;
};
