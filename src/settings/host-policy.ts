import { resolve } from "node:path";
import { type HostPolicy, hostClaimExpected } from "../routes/host-policy.ts";
import type { Parsed } from "./environment.ts";
import { parseHostPolicy } from "./host-policy-yaml.ts";
import { readTextFile } from "./text-file.ts";

/** A host policy and the file that it was read from. */
export interface HostPolicyFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly policy: HostPolicy;
}

/** A policy, or why there is none: one line, by line number where the text is at fault. */
export type HostPolicyReading =
  | { readonly ok: true; readonly file: HostPolicyFile }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a policy from its file; whatever is there, the answer is a value.
 *
 * @param known what was read before: given back as it is when the text is still the same
 */
export const readHostPolicy = (path: string, known: HostPolicyFile | null): HostPolicyReading => {
  const read = readTextFile(path);
  if (!read.ok) return read;
  const { text } = read;
  if (text === known?.text) return { ok: true, file: known };
  const parsed = parseHostPolicy(text);
  if (!parsed.ok) return { ok: false, reason: parsed.faults.join("; ") };
  return { ok: true, file: { path, text, policy: parsed.policy } };
};

/** Parses `HOST_POLICY`: the path of a policy that can be read. */
export const parseHostPolicySetting = (raw: string): Parsed<HostPolicyFile> => {
  const reading = readHostPolicy(resolve(raw), null);
  if (reading.ok) return { ok: true, value: reading.file };
  return {
    ok: false,
    expected: `a YAML file with a list of hosts for each namespace, each ${hostClaimExpected}; ${reading.reason}`,
  };
};
