import type { NginxUnderTest } from "../../tests/support/nginx-binaries.ts";

/** Where a subject has to do its work. */
export interface Place {
  /** An empty folder of its own. */
  readonly folder: string;
  /** `http://127.0.0.1:PORT` of an API server that asks for no token. */
  readonly apiUrl: string;
  readonly kubeconfigPath: string;
  readonly nginx: NginxUnderTest;
  /** The port of 127.0.0.1 on which its nginx has to answer by the Services' hosts. */
  readonly port: number;
  /** How many worker processes its nginx is to have. */
  readonly workers: number;
  /** hotroute's bundles. */
  readonly dist: string;
  /** Settings of hotroute for one measurement; others need not look at them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A subject at work. */
export interface RunningSubject {
  /** True once nothing of an earlier configuration answers any more; null where the subject does not say. */
  isSettled(): Promise<boolean | null>;
  /** Reloads of nginx since the start; null where it cannot be known. */
  reloads(): Promise<number | null>;
  /** Processor time of whatever follows the API and makes the file, in milliseconds; null where it cannot be known. */
  processorMs(): number | null;
  /** Takes no processor time from now on, while another subject has its turn. */
  pause(): void;
  resume(): void;
  /** The end of what its programs said, for when it does not do its work. */
  tail(): string;
  stop(): Promise<void>;
}

/** A program that makes nginx follow the labelled Services of an API server: one more row of the table. */
export interface Subject {
  readonly name: string;
  /** How many of a hundred changes are enough for it, where one takes long. Default 100. */
  readonly share?: number;
  /** Why it cannot run here, said in its row; null when it can. */
  missing(): string | null;
  /** Starts it; it need not serve yet when this resolves. */
  start(place: Place): Promise<RunningSubject>;
}
