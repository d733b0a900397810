import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "../../tests/support/wait.ts";
import { startChild } from "../parts/children.ts";
import { processorMs } from "../parts/process-figures.ts";
import type { Place, RunningSubject, Subject } from "./subject.ts";

const scripts = join(import.meta.dirname, "shell-recipe");
const tools = ["inotifywait", "curl", "jq"] as const;

const nginxConf = ({ folder, workers }: Place): string => `worker_processes ${workers};
pid ${folder}/nginx.pid;
error_log stderr warn;
events {
    worker_connections 4096;
}
http {
    access_log off;
    server_names_hash_max_size 65536;
    server_names_hash_bucket_size 128;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `    ${name}_temp_path ${folder}/${name};\n`).join("")}\
    include ${folder}/conf.d/*.conf;
}
`;

const start = async (place: Place): Promise<RunningSubject> => {
  const [configDir, conf] = [join(place.folder, "conf.d"), join(place.folder, "nginx.conf")];
  const file = join(configDir, "default.conf");
  const log = join(place.folder, "reloads.log");
  await mkdir(configDir);
  await writeFile(conf, nginxConf(place));
  const render = await startChild([join(scripts, "render.sh"), place.apiUrl, `127.0.0.1:${place.port}`, file]);
  try {
    await waitFor("the first rendering", () => existsSync(file), { deadlineMs: 60_000 });
    // Each reload is a line of a file, so that they can be counted.
    const shell = `exec "$0" "$1" "$2" "$3" >"$4"`;
    const command = ["sh", "-c", shell, join(scripts, "reload.sh"), place.nginx.path, conf, configDir, log] as const;
    const reload = await startChild(command);
    const children = [render, reload];
    return {
      isSettled: async () => null,
      reloads: async () => (await readFile(log, "utf8")).split("\n").length - 1,
      // curl and jq have ended, and count as the loop's ended children.
      processorMs: () => processorMs(render.pid),
      tail: () => children.map((child) => child.tail()).join("\n"),
      pause: () => {
        for (const child of children) child.pause();
      },
      resume: () => {
        for (const child of children) child.resume();
      },
      stop: async () => {
        await Promise.all(children.map((child) => child.stop()));
      },
    };
  } catch (error) {
    await render.stop();
    throw error;
  }
};

/** What is found in tutorials: a loop that renders, and a loop that reloads. */
export const shellRecipe: Subject = {
  name: "shell recipe",
  share: 10,
  missing: () => {
    const absent = tools.filter((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
    return absent.length === 0 ? null : `skipped: no ${absent.join(", no ")} (Debian: inotify-tools, curl, jq)`;
  },
  start,
};
