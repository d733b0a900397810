import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Ends the demo's programs when the demo itself cannot: killed, crashed, or ended by a second Ctrl-C. It is a shell in a
 * session of its own that reads a pipe from the demo; the kernel closes that pipe, however the demo ends.
 */
export interface Guard {
  /** Process group `pid` is to end with the demo. */
  watch(pid: number): void;
  /** Process group `pid` has ended: its number may be another's soon. */
  release(pid: number): void;
  /** Rejects when the guard ends before it was stopped. */
  readonly failed: Promise<never>;
  /** Lets it end what is left of the programs, and waits for that. */
  stop(): Promise<void>;
}

// Each line names all groups there are. nginx leads a group of its own, and its workers outlive a killed master: they are
// known by the folder they work in and by their title. A master may have started a worker meanwhile: so it looks again.
const script = `
while read -r line; do groups=$line; done
for group in $groups; do kill -KILL "-$group"; done
found=yes
while [ -n "$found" ]; do
  found=
  for process in /proc/[0-9]*; do
    [ "$process/cwd" -ef "$1" ] || continue
    title=
    read -r title <"$process/cmdline"
    case $title in "nginx: "*) kill -KILL "\${process#/proc/}" && found=yes ;; esac
  done
done
`;

/**
 * Starts the guard.
 *
 * @param runFolder the RUN_DIR of the reloader, in which its nginx works
 * @throws Error when there is no /bin/sh
 */
export const startGuard = async (runFolder: string): Promise<Guard> => {
  const child = spawn("/bin/sh", ["-c", script, "hotroute-guard", runFolder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  await once(child, "spawn");
  const { stdin } = child;
  // The end of the guard is told by its exit.
  stdin.on("error", () => undefined);
  const groups = new Set<number>();
  const tell = (): void => void stdin.write(`${[...groups].join(" ")}\n`);
  let isStopping = false;
  const ended = once(child, "exit");
  const failed = ended.then(() =>
    isStopping
      ? new Promise<never>(() => undefined)
      : Promise.reject(new Error("the guard of the programs was killed")),
  );
  failed.catch(() => undefined);
  return {
    watch: (pid) => {
      groups.add(pid);
      tell();
    },
    release: (pid) => {
      groups.delete(pid);
      tell();
    },
    failed,
    stop: async () => {
      isStopping = true;
      stdin.end();
      await ended;
    },
  };
};
