/** What is to be undone at the end, the last first. */
export interface Cleanup {
  /** Adds a step. What is added once the end has begun is undone at once. */
  add(undo: () => Promise<void>): void;
  /** Undoes everything; a step that fails does not keep the others. */
  run(): Promise<void>;
}

export const createCleanup = (): Cleanup => {
  const steps: (() => Promise<void>)[] = [];
  let isEnding = false;
  const tryStep = (undo: () => Promise<void>): Promise<void> => undo().catch(() => undefined);
  return {
    add: (undo) => {
      if (isEnding) void tryStep(undo);
      else steps.push(undo);
    },
    run: async () => {
      isEnding = true;
      for (let undo = steps.pop(); undo !== undefined; undo = steps.pop()) await tryStep(undo);
    },
  };
};
