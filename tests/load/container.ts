import { tmpdir } from "node:os";
import type { Stage } from "../reloader/fixture.ts";
import type { MemoryCgroup } from "../support/memory-cgroup.ts";
import type { NginxUnderTest } from "../support/nginx-binaries.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";

/** Starts the reloader on a stage as in a container of its own: within a memory limit, which it sees. */
export const startInCgroup = (
  stage: Stage,
  nginx: NginxUnderTest,
  cgroup: MemoryCgroup,
  settings: Readonly<Record<string, string>> = {},
): RunningProgram =>
  startProgram(
    "reloader",
    {
      CONFIG_DIR: stage.configDir,
      RUN_DIR: stage.runDir,
      // The stage's folder is closed to nginx's workers, who are nobody when this is root: bodies need a place.
      TMPDIR: tmpdir(),
      NGINX_BIN: nginx.path,
      RELOADER_LISTEN: "127.0.0.1:0",
      WORKERS: "1",
      ...settings,
    },
    cgroup.launcher,
  );
