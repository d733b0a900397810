import { type Ended, runCommand } from "./podman-store.ts";

/** Runs podman as this process's environment says. */
export const tryPodman = (...args: readonly string[]): Promise<Ended> => runCommand(["podman", ...args]);

/** Runs podman; its standard output without the last newline. @throws Error with what it said */
export const podman = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await tryPodman(...args);
  if (code !== 0) throw new Error(`podman ${args.join(" ")}: exit ${code}: ${stderr.trim()}`);
  return stdout.trimEnd();
};

/** What `podman inspect` says of a container, the parts that the tests look at. */
export interface ContainerState {
  /** Of its first process, in the namespace of this process; 0 when it does not run. */
  readonly pid: number;
  readonly status: string;
  readonly exitCode: number;
  readonly restarts: number;
  readonly startedAt: string;
  readonly finishedAt: string;
}

interface Inspected {
  readonly State: {
    readonly Pid: number;
    readonly Status: string;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly RestartCount: number;
}

/** @throws Error when there is no such container */
export const inspectContainer = async (name: string): Promise<ContainerState> => {
  const [found] = JSON.parse(await podman("container", "inspect", name)) as Inspected[]; // podman-inspect(1)
  if (found === undefined) throw new Error(`no container ${name}`);
  const { State: state, RestartCount: restarts } = found;
  const { Pid: pid, Status: status, ExitCode: exitCode, StartedAt: startedAt, FinishedAt: finishedAt } = state;
  return { pid, status, exitCode, restarts, startedAt, finishedAt };
};
