import { ProgramError } from "../ops/program.ts";

/** Whether the kernel refused a system call (ENOSPC, EMFILE, EACCES …). */
export const isRefusedByKernel = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error;

/** Whether the cause lies outside of this program, as the kernel's refusals and what is missing to run nginx. */
export const isOutside = (error: unknown): boolean => error instanceof ProgramError || isRefusedByKernel(error);
