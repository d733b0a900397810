import type { NginxUnderTest } from "../tests/support/nginx-binaries.ts";
import type { Point } from "./growth-plot.ts";
import type { Row } from "./row.ts";
import type { Scale } from "./scale.ts";

/** What every section is given. */
export interface Bench {
  readonly scale: Scale;
  readonly nginx: NginxUnderTest;
  /** A copy of the bundles, so that a build meanwhile changes nothing. */
  readonly dist: string;
  /** nginx's worker processes where several are compared: as hotroute's default has it on this machine. */
  readonly workers: number;
  /** Says how far it is. */
  say(text: string): void;
}

/** A curve over the number of Services. */
export interface Curve {
  readonly title: string;
  readonly unit: string;
  readonly points: readonly Point[];
}

export interface SectionResult {
  readonly rows: readonly Row[];
  readonly curves?: readonly Curve[];
}

/** A part of the benchmark that can be run by itself: `--only=NAME`. */
export interface Section {
  readonly name: string;
  readonly title: string;
  /** What a reader has to know to believe the rows. */
  readonly method: string;
  /** Measures no time: such sections run beside each other. */
  readonly isTimeless?: boolean;
  run(bench: Bench): Promise<SectionResult>;
}
