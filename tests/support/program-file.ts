import { join } from "node:path";

/** What can be started: a container's program, the demo, the command. */
export type ProgramName = "init" | "generator" | "reloader" | "demo" | "hotroute";

const sources = join(import.meta.dirname, "../../src");
/** Where the test command has bundled them, as they are shipped: such a program starts in half of the processor time. */
const bundles = process.env.HOTROUTE_TEST_BUNDLES ?? "";

export const sourceFile = (name: ProgramName): string => join(sources, name === "hotroute" ? "cli" : name, "main.ts");

/** The file of a program: its bundle, or its source where a test file is run by itself. */
export const programFile = (name: ProgramName): string =>
  bundles === "" ? sourceFile(name) : join(bundles, `${name}.cjs`);
