import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSite } from "../../tests/load/site.ts";
import { isApplied, onStage } from "../../tests/reloader/fixture.ts";
import { closingClient, keptAliveClient } from "../../tests/support/http1-client.ts";
import { http2Client } from "../../tests/support/http2-client.ts";
import { type Load, startLoad } from "../../tests/support/load.ts";
import { startLoadBackend } from "../../tests/support/load-backend.ts";
import { getRequest, postRequest } from "../../tests/support/load-request.ts";
import { isNginxAtLeast, type NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { get } from "../../tests/support/nginx-server.ts";
import { freePort } from "../../tests/support/ports.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { inFolder } from "../parts/folder.ts";
import { startPlainNginx } from "../parts/plain-nginx.ts";
import { number, type Row, ratio, row } from "../row.ts";
import type { Bench, Section } from "../section.ts";

/** What became of the requests of each kind of client. */
interface Failures {
  readonly kinds: Readonly<Record<string, { readonly answered: number; readonly failed: number }>>;
  readonly reloads: number;
}

const requests = [getRequest, getRequest, postRequest(300), postRequest(64 * 1024)];

const startLoads = (nginx: NginxUnderTest, port: number): Readonly<Record<string, Load>> => ({
  "HTTP/1.1 kept alive": startLoad(requests.map((asked) => keptAliveClient(port, asked))),
  "HTTP/1.1 closing": startLoad(requests.map((asked) => closingClient(port, asked))),
  ...(isNginxAtLeast(nginx, "1.25.1")
    ? { "HTTP/2": startLoad(requests.slice(1).map((asked) => http2Client(port, asked))) }
    : {}),
});

/** Runs reloads under load. */
const underLoad = async (
  nginx: NginxUnderTest,
  port: number,
  count: number,
  reload: (index: number) => Promise<void>,
): Promise<Failures> => {
  const loads = startLoads(nginx, port);
  try {
    for (let index = 1; index <= count; index += 1) await reload(index);
  } finally {
    await Promise.all(Object.values(loads).map((load) => load.stop()));
  }
  const kinds = Object.entries(loads).map(([name, load]) => {
    const { answered, failures } = load.tally();
    return [name, { answered, failed: failures.length }] as const;
  });
  return { kinds: Object.fromEntries(kinds), reloads: count };
};

const withHotroute = async ({ nginx, scale, workers }: Bench): Promise<Failures> => {
  const backend = await startLoadBackend();
  let result: Failures | null = null;
  try {
    await onStage(nginx, async (stage) => {
      const text = (mark: string): string => loadSite(nginx, { listen: stage.port, backend: backend.port }, mark);
      await stage.publish(text("0"));
      const settings = { RELOAD_BURST: "1000", RELOAD_INTERVAL_MS: "1", WORKERS: String(workers), TMPDIR: tmpdir() };
      await stage.start(settings);
      await stage.waitForStatus("applied", isApplied);
      result = await underLoad(nginx, stage.port, scale.reloads.own, async (index) => {
        await stage.publish(text(String(index)));
        await waitFor(`reload ${index}`, async () => (await stage.body("/mark")) === String(index));
        await stage.waitForStatus("applied", isApplied);
      });
    });
  } finally {
    await backend.stop();
  }
  if (result === null) throw new Error("nothing was measured");
  return result;
};

/** The reference: `nginx -s reload`, and nginx's own defaults. */
const withPlainNginx = ({ nginx, scale, workers }: Bench): Promise<Failures> =>
  inFolder(async (folder) => {
    const backend = await startLoadBackend();
    const port = await freePort();
    const text = (mark: string): string => loadSite(nginx, { listen: port, backend: backend.port }, mark);
    const own = join(folder, "nginx");
    await mkdir(own);
    const server = await startPlainNginx(nginx, own, { workers, defaultConf: text("0") });
    try {
      return await underLoad(nginx, port, scale.reloads.reference, async (index) => {
        await server.write(text(String(index)));
        await server.reload();
        const mark = async (): Promise<boolean> =>
          (await get({ port, host: "localhost", path: "/mark" })).body === String(index);
        await waitFor(`reload ${index}`, mark);
        // At the same pace as hotroute, which waits until the workers of before accept no more.
        await server.settled();
      });
    } finally {
      await server.stop();
      await backend.stop();
    }
  });

type Kind = { readonly answered: number; readonly failed: number };

const failedShare = (kind: Kind | undefined): number =>
  kind === undefined ? 0 : kind.failed / Math.max(1, kind.answered + kind.failed);

const share = (kind: Kind | undefined): string =>
  kind === undefined ? "–" : `${number(kind.failed)} of ${number(kind.answered + kind.failed)}`;

export const reloadFailures: Section = {
  name: "reload-failures",
  title: "Failed requests through reloads",
  method: `Clients that ask without a pause, GET and POST, while one reload follows the other. A request has failed when it was
not answered with 200 and the whole, right body; HTTP/2 streams that nginx said it would not process are asked again, as RFC 9113
has it. *Reference*: \`nginx -s reload\` under nginx's own defaults, with the same load. Clients on loopback pause for nothing; what
pauses and slow links change, bench/drain measures.`,
  run: async (bench) => {
    const own = await withHotroute(bench);
    const plain = await withPlainNginx(bench);
    const canBeNone = isNginxAtLeast(bench.nginx, "1.27.4");
    const rows: Row[] = Object.entries(own.kinds).map(([name, kind]) =>
      row({
        what: `failed requests, ${name}`,
        at: `${own.reloads} reloads`,
        measured: share(kind),
        reference: `nginx -s reload, ${plain.reloads} reloads: ${share(plain.kinds[name])}`,
        ratio: ratio(failedShare(kind), failedShare(plain.kinds[name])),
        reach: canBeNone || name !== "HTTP/1.1 kept alive" ? "0" : "",
        isMet: canBeNone || name !== "HTTP/1.1 kept alive" ? kind.failed === 0 : null,
      }),
    );
    return { rows };
  },
};
