import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { childEnvironment } from "../support/child-environment.ts";
import { programFile } from "../support/program-file.ts";

/** What the command did. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  /** Beside `childEnvironment`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly program?: string;
}

/** Runs the command as a process of its own, to its end. */
export const runCommand = (args: readonly string[], options: RunOptions = {}): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [options.program ?? programFile("hotroute"), ...args], {
      cwd: options.cwd,
      env: { ...childEnvironment, ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 60_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    // A command that does not read its input ends before it is written.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });

/** A folder with these files, removed when the tests of the file are done. */
export const makeFolder = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), "hotroute-cli-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

/** A Service as people write it, with an annotation a line from line 8 on. */
export const serviceYaml = (
  name: string,
  annotations: Readonly<Record<string, string>>,
  spec = "ports: [{ port: 80 }]",
) =>
  [
    "apiVersion: v1",
    "kind: Service",
    "metadata:",
    `  name: ${name}`,
    "  labels:",
    '    hotroute.io/expose: "true"',
    "  annotations:",
    ...Object.entries(annotations).map(([key, value]) => `    hotroute.io/${key}: ${JSON.stringify(value)}`),
    "spec:",
    `  ${spec}`,
    "",
  ].join("\n");
