import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Which core a program is to stay on; null: wherever the kernel puts it. */
export type Core = number | null;

const canPin = (): boolean =>
  availableParallelism() >= 2 && spawnSync("taskset", ["--cpu-list", "0,1", "true"]).status === 0;

/**
 * A core for what is measured, and another for the load and its backend: what is measured then has a core to itself, and how
 * the kernel places three busy programs on two cores is no part of the figures. Nulls where that cannot be had.
 */
export const twoCores = (): { readonly measured: Core; readonly load: Core } =>
  canPin() ? { measured: 0, load: 1 } : { measured: null, load: null };

/** The command on its core, with all that it starts. Source: taskset(1) */
export const onCore = (core: Core, command: readonly [string, ...string[]]): readonly [string, ...string[]] =>
  core === null ? command : ["taskset", "--cpu-list", String(core), ...command];
