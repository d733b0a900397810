import { describeError } from "../ops/program.ts";
import { loadMainTemplate, type MainConf, renderBuiltIn } from "./main-conf.ts";
import type { Candidate } from "./outcome.ts";
import { releaseConfDir } from "./releases.ts";
import { readConfigDirectory, revisionOf } from "./revision.ts";
import type { RunPaths } from "./run-paths.ts";

/** What the reloader is asked to serve, or why that cannot be told. */
export type Sight =
  | { readonly kind: "candidate"; readonly candidate: Candidate }
  | { readonly kind: "unusable"; readonly reason: string };

/**
 * Reads the configuration directory and the user's template for nginx.conf, anew and as a whole.
 *
 * @param fixed what nginx.conf says whatever the revision
 */
export const look = async (
  configDir: string,
  mainTemplateFile: string | null,
  fixed: MainConf,
  paths: RunPaths,
): Promise<Sight> => {
  const directory = await readConfigDirectory(configDir);
  if (directory.kind === "unusable") return directory;
  const { files } = directory;
  try {
    const render = mainTemplateFile === null ? renderBuiltIn : await loadMainTemplate(mainTemplateFile);
    const revision = revisionOf(files, render(fixed));
    const mainConf = render({ ...fixed, revision, confDir: releaseConfDir(paths, revision) });
    return { kind: "candidate", candidate: { revision, files, mainConf } };
  } catch (error) {
    return { kind: "unusable", reason: describeError(error) };
  }
};
