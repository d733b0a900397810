import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nginxChildren } from "../../src/reloader/processes.ts";
import type { NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { startChild } from "./children.ts";
import { timeCommand } from "./nginx-by-hand.ts";

/** An nginx whose nginx.conf says no more than it must: nginx's own defaults hold. */
export interface PlainNginx {
  write(text: string): Promise<void>;
  /** `nginx -s reload` */
  reload(): Promise<void>;
  /** Waits until no older worker accepts any more; ones that drain may be left. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it in an empty folder of its own, and waits until its workers are there. */
export const startPlainNginx = async (
  nginx: NginxUnderTest,
  folder: string,
  options: { readonly workers: number; readonly defaultConf: string },
): Promise<PlainNginx> => {
  const [conf, file] = [join(folder, "nginx.conf"), join(folder, "default.conf")];
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await mkdir(join(folder, "temp"));
  await writeFile(file, options.defaultConf);
  await writeFile(
    conf,
    `worker_processes ${options.workers};
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
${temp.map((name) => `    ${name}_temp_path ${folder}/temp/${name};\n`).join("")}    include ${file};
}
`,
  );
  const child = await startChild([nginx.path, "-c", conf, "-e", "stderr", "-g", "daemon off;"]);
  const settled = async (): Promise<void> => {
    await waitFor("one generation of workers to accept", async () => {
      const active = (await nginxChildren(child.pid)).filter(({ role }) => role === "active");
      return active.length === options.workers;
    });
  };
  try {
    await settled();
  } catch (cause) {
    await child.stop();
    throw new Error(`nginx did not come up: ${child.tail()}`, { cause });
  }
  return {
    write: async (text) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    },
    reload: async () => {
      await timeCommand([nginx.path, "-c", conf, "-e", "stderr", "-s", "reload"]);
    },
    settled,
    stop: child.stop,
  };
};
