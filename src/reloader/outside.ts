import { ProgramError } from "../ops/program.ts";

/** Whether it was the file system or the kernel that refused, and not a fault of this program. */
export const isOutside = (error: unknown): boolean =>
  error instanceof ProgramError || (error instanceof Error && "syscall" in error);
