import type { Clock } from "./clock.ts";
import type { ReflectorState } from "./reflection.ts";

/** Whether a collection that was never listed is refused for good, as far as one can tell. */
export interface Refusal {
  /** True once nothing but 403 was answered for the grace, twice at least. */
  readonly isSettled: boolean;
  observe(state: ReflectorState): void;
  /** Forgets it: the list came, or nobody asks any longer. */
  end(): void;
}

/**
 * Follows a reflector's states up to its first list.
 *
 * @param graceMs how long it must be refused; any other failure in between begins anew
 * @param onSettled called when `isSettled` becomes true
 */
export const createRefusal = (clock: Clock, graceMs: number, onSettled: () => void): Refusal => {
  let answers = 0;
  let isGraceOver = false;
  let isSettled = false;
  let cancel: (() => void) | null = null;
  const judge = (): void => {
    // One answer says too little: the next may be that of another API server, or of one that has read its Roles.
    if (isSettled || !isGraceOver || answers < 2) return;
    isSettled = true;
    onSettled();
  };
  const end = (): void => {
    cancel?.();
    cancel = null;
    answers = 0;
    isGraceOver = false;
    isSettled = false;
  };
  return {
    get isSettled() {
      return isSettled;
    },
    observe: (state) => {
      if (state.kind !== "backing-off") return;
      if (state.failure.kind !== "forbidden") {
        end();
        return;
      }
      answers += 1;
      cancel ??= clock.after(graceMs, () => {
        isGraceOver = true;
        judge();
      });
      judge();
    },
    end,
  };
};
