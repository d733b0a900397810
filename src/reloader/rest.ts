/** Waiting that whatever happens cuts short. */
export interface Rest {
  /** Waits until then (monotonic milliseconds), or until it is woken; never longer than the maximum. */
  readonly until: (untilMs: number) => Promise<void>;
  readonly wake: () => void;
}

export const createRest = (maxMs: number): Rest => {
  let wake = (): void => {};
  return {
    until: (untilMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.min(Math.max(1, untilMs - performance.now()), maxMs));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
  };
};
