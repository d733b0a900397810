import { readFile } from "node:fs/promises";
import { describeError } from "../ops/program.ts";
import type { NginxTime } from "./grammar.ts";
import type { RunPaths } from "./run-paths.ts";

/** What nginx.conf is made of; the same names are known to a user's template (MAIN_TEMPLATE_FILE). */
export interface MainConf {
  /** The release's revision, which `/revision` answers with. Blank when the revision itself is computed. */
  readonly revision: string;
  /** Folder of the release's `*.conf`. Blank when the revision is computed. */
  readonly confDir: string;
  readonly socket: string;
  readonly pid: string;
  readonly reasons: string;
  readonly tempDir: string;
  readonly workers: number;
  readonly workerConnections: number;
  readonly descriptors: number;
  readonly workerShutdownTimeout: string;
  /** Null where this nginx does not have it. */
  readonly keepaliveMinTimeout: string | null;
  readonly hasStubStatus: boolean;
}

/** Nginx sets some 430 bytes aside for each connection, in each worker of each generation. */
const maxWorkerConnections = 8192;

/** Connections and descriptors within the limit of this machine. */
export const connectionLimits = (
  descriptorLimit: number,
): { readonly workerConnections: number; readonly descriptors: number } => {
  const descriptors = Math.min(descriptorLimit, 2 * maxWorkerConnections);
  // Files, listeners and logs need descriptors too; nginx warns when connections exceed them.
  return { descriptors, workerConnections: Math.max(64, Math.min(maxWorkerConnections, descriptors - 64)) };
};

/** The parts of nginx.conf that do not change while the program runs. */
export const mainConfOf = (fixed: {
  readonly paths: RunPaths;
  readonly tempDir: string;
  readonly workers: number;
  readonly descriptorLimit: number;
  readonly workerShutdownTimeout: NginxTime;
  readonly keepaliveMinTimeout: NginxTime | null;
  readonly hasStubStatus: boolean;
}): MainConf => ({
  revision: "",
  confDir: "",
  socket: fixed.paths.socket,
  pid: fixed.paths.pid,
  reasons: fixed.paths.reasons,
  tempDir: fixed.tempDir,
  workers: fixed.workers,
  ...connectionLimits(fixed.descriptorLimit),
  workerShutdownTimeout: fixed.workerShutdownTimeout.text,
  keepaliveMinTimeout: fixed.keepaliveMinTimeout?.text ?? null,
  hasStubStatus: fixed.hasStubStatus,
});

/**
 * The built-in nginx.conf. At http level it sets only what has no place in the files beside it, since nginx refuses a
 * directive given twice. `access_log … if=0` writes nothing, and unlike `off` leaves a log of theirs alone.
 */
export const renderBuiltIn = (conf: MainConf): string => `# Made by hotroute for one revision: changes here are lost.
worker_processes ${conf.workers};
worker_rlimit_nofile ${conf.descriptors};
worker_shutdown_timeout ${conf.workerShutdownTimeout};
pid "${conf.pid}";
pcre_jit on;
error_log stderr warn;
error_log "${conf.reasons}" emerg;

events {
    worker_connections ${conf.workerConnections};
}

http {
    server_tokens off;
    sendfile on;
${conf.keepaliveMinTimeout === null ? "" : `    keepalive_min_timeout ${conf.keepaliveMinTimeout};\n`}\
    access_log /dev/null combined if=0;
    client_body_temp_path "${conf.tempDir}/client_body";
    proxy_temp_path "${conf.tempDir}/proxy";
    fastcgi_temp_path "${conf.tempDir}/fastcgi";
    uwsgi_temp_path "${conf.tempDir}/uwsgi";
    scgi_temp_path "${conf.tempDir}/scgi";
    default_type application/octet-stream;
    types {
        text/html html htm;
        text/css css;
        text/plain txt;
        text/xml xml;
        application/javascript js mjs;
        application/json json;
        application/wasm wasm;
        image/svg+xml svg;
        image/png png;
        image/jpeg jpg jpeg;
        image/gif gif;
        image/webp webp;
        image/x-icon ico;
        font/woff woff;
        font/woff2 woff2;
    }

    server {
        listen "unix:${conf.socket}";
        access_log off;
        location = /revision {
            default_type text/plain;
            return 200 "${conf.revision}";
        }
${conf.hasStubStatus ? "        location = /stub_status {\n            stub_status;\n        }\n" : ""}\
        location / {
            return 404;
        }
    }

    include "${conf.confDir}/*.conf";
}
`;

/** Renders nginx.conf for a revision. */
export type RenderMainConf = (conf: MainConf) => string;

/**
 * Reads and compiles the user's template; the compiler is loaded only here, it is a third of a megabyte.
 *
 * @returns the function throws Error, naming the file, for a name that the template's data do not have
 * @throws Error naming the file when it cannot be read or compiled
 */
export const loadMainTemplate = async (path: string): Promise<RenderMainConf> => {
  const inFile = (cause: unknown): Error => new Error(`MAIN_TEMPLATE_FILE ${path}: ${describeError(cause)}`, { cause });
  try {
    const source = await readFile(path, "utf8");
    const { default: handlebars } = await import("handlebars");
    const template = handlebars.compile<MainConf>(source, { noEscape: true, strict: true, knownHelpersOnly: true });
    return (conf) => {
      try {
        return template(conf);
      } catch (cause) {
        throw inFile(cause);
      }
    };
  } catch (cause) {
    throw inFile(cause);
  }
};
