import type { Logger } from "../ops/log.ts";
import { describeProblem, type Problem, type ProblemReason } from "../routes/problem.ts";

/** Logs each problem when it appears, and once more when it is gone. */
export interface ProblemLog {
  /** Takes the problems that stand now, and counts them by reason. */
  update(problems: readonly Problem[]): ReadonlyMap<ProblemReason, number>;
}

export const createProblemLog = (log: Logger): ProblemLog => {
  let standing: ReadonlySet<string> = new Set();
  return {
    update: (problems) => {
      const counts = new Map<ProblemReason, number>();
      const now = new Set<string>();
      for (const problem of problems) {
        counts.set(problem.reason, (counts.get(problem.reason) ?? 0) + 1);
        const line = describeProblem(problem);
        now.add(line);
        if (!standing.has(line)) log.warn({ problem: line }, "a Service has a problem");
      }
      for (const line of standing) if (!now.has(line)) log.info({ problem: line }, "a problem is gone");
      standing = now;
      return counts;
    },
  };
};
