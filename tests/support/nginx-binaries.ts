import { spawnSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";

/** An nginx of this machine. */
export interface NginxUnderTest {
  /** Absolute path. */
  readonly path: string;
  /** `1.30.6` */
  readonly version: string;
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const candidates = (): readonly string[] => {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return [
    process.env.NGINX_BIN ?? "",
    ...folders.filter((folder) => folder !== "").map((folder) => join(folder, "nginx")),
  ];
};

const find = (): readonly NginxUnderTest[] => {
  const found = new Map<string, NginxUnderTest>();
  for (const path of candidates().filter((candidate) => candidate !== "" && isExecutable(candidate))) {
    const { stderr } = spawnSync(path, ["-v"], { encoding: "utf8" });
    const version = /nginx\/(\d+\.\d+\.\d+)/.exec(stderr)?.[1];
    if (version !== undefined && !found.has(version)) found.set(version, { path: realpathSync(path), version });
  }
  return [...found.values()];
};

/** Every nginx there is: that of NGINX_BIN first, then those on PATH; one of each version. */
export const nginxBinaries: readonly NginxUnderTest[] = find();

/** Compares versions by their numbers. */
export const isNginxAtLeast = ({ version }: NginxUnderTest, wanted: string): boolean => {
  const [own, other] = [version, wanted].map((text) => text.split(".").map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (own?.[index] ?? 0) - (other?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
};

/** For a test's `skip`: why there is nothing to run on, or false. */
export const skipWithoutNginx: string | false =
  nginxBinaries.length > 0 ? false : "no nginx: install it, or set NGINX_BIN";
