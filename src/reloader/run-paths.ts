import { join } from "node:path";

/** Where the reloader keeps what, all below RUN_DIR. */
export interface RunPaths {
  readonly runDir: string;
  /** Folder of the releases, each named by its revision. */
  readonly releases: string;
  /** Link to the nginx.conf that nginx is started with, and loads: the verified release's, or that of one being tried. */
  readonly live: string;
  /** Link to the nginx.conf of the last release that nginx was seen to serve. */
  readonly verified: string;
  /** Link to the nginx.conf under test. */
  readonly candidate: string;
  /** Two lines that are all `nginx -s reload` needs to find the pid file. */
  readonly signal: string;
  readonly socket: string;
  readonly pid: string;
  /** What nginx says when it refuses a configuration after the signal, or a start: `emerg` only. */
  readonly reasons: string;
  readonly status: string;
}

export const runPaths = (runDir: string): RunPaths => ({
  runDir,
  releases: join(runDir, "releases"),
  live: join(runDir, "live.conf"),
  verified: join(runDir, "verified.conf"),
  candidate: join(runDir, "candidate.conf"),
  signal: join(runDir, "signal.conf"),
  socket: join(runDir, "nginx.sock"),
  pid: join(runDir, "nginx.pid"),
  reasons: join(runDir, "nginx-emerg.log"),
  status: join(runDir, "status.json"),
});
