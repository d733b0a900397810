import { join } from "node:path";
import { freePort } from "../../tests/support/ports.ts";
import { handWrittenConf } from "../parts/by-hand.ts";
import { hotrouteConf, type SiteOptions } from "../parts/configurations.ts";
import { statusOf, timeToFirstAnswer } from "../parts/first-answer.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { type NginxByHand, startNginxByHand } from "../parts/nginx-by-hand.ts";
import { toMb } from "../parts/process-figures.ts";
import { type Row, ratio, row, spread } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { median } from "../statistics.ts";

/** One of the two configurations under its nginx. */
interface Contender {
  readonly port: number;
  readonly server: NginxByHand;
  /** The file, with a mark that says which version it is. */
  readonly text: (mark: string) => string;
  readonly testMs: number[];
  readonly reloadMs: number[];
  readonly memoryMb: number[];
}

const measure = (bench: Bench): Promise<readonly [Contender, Contender]> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      const { services: count, rounds } = bench.scale.nginxCost;
      const backendPort = await freePort();
      const start = async (name: string, make: (site: SiteOptions) => string): Promise<Contender> => {
        const port = await freePort();
        const listen = `127.0.0.1:${port}`;
        const made = make({ count, listen, backendPort, nginx: bench.nginx });
        // A host of each version's own tells which one answers.
        const text = (mark: string): string =>
          `${made}\nserver { listen ${listen}; server_name ${mark}; location / { return 200; } }\n`;
        const options = { workers: bench.workers, defaultConf: text("mark-0.example.com") };
        const server = stack.add(await startNginxByHand(bench.nginx, join(folder, name), options));
        await timeToFirstAnswer(port, "mark-0.example.com", performance.now());
        return { port, server, text, testMs: [], reloadMs: [], memoryMb: [] };
      };
      const contenders = [await start("hotroute", hotrouteConf), await start("blocks", handWrittenConf)] as const;
      for (let round = 1; round <= rounds; round += 1) {
        for (const contender of round % 2 === 0 ? contenders.toReversed() : contenders) {
          const mark = `mark-${round}.example.com`;
          await contender.server.write(contender.text(mark));
          contender.testMs.push(await contender.server.test());
          if ((await statusOf(contender.port, mark)) === 200) throw new Error(`${mark} is answered before it is there`);
          const fromMs = performance.now();
          contender.server.signal();
          contender.reloadMs.push(await timeToFirstAnswer(contender.port, mark, fromMs));
          await contender.server.settled();
          contender.memoryMb.push(toMb(contender.server.memoryKib()));
        }
        bench.say(`round ${round} of ${rounds}`);
      }
      return contenders;
    }),
  );

const rowsOf = (bench: Bench, [own, blocks]: readonly [Contender, Contender]): readonly Row[] => {
  const { services, rounds } = bench.scale.nginxCost;
  const at = `${services.toLocaleString("en-US")} Services, ${rounds} rounds`;
  const compare = (what: string, unit: "ms" | "MB", pick: (contender: Contender) => readonly number[]): Row => {
    const by = median(pick(own)) / median(pick(blocks));
    return row({
      what,
      at,
      measured: spread(pick(own), unit),
      reference: `a block for each host ${spread(pick(blocks), unit)}`,
      ratio: ratio(median(pick(own)), median(pick(blocks))),
      reach: "≤ 0.35",
      isMet: by <= 0.35,
    });
  };
  return [
    compare("nginx's memory, all processes (Pss)", "MB", ({ memoryMb }) => memoryMb),
    compare("`nginx -t`", "ms", ({ testMs }) => testMs),
    compare("signal → first answer", "ms", ({ reloadMs }) => reloadMs),
  ];
};

export const nginxCost: Section = {
  name: "nginx-cost",
  title: "What nginx needs for the configuration",
  method: `hotroute's file and one with a server block, an upstream and its own headers for each host, each under an nginx of its
own with the same nginx.conf, tested, signalled and measured in turn. In hotroute's the hosts share blocks
([ADR 0010](../docs/adr/0010-hosts-of-many-services-share-servers.md)).`,
  run: async (bench) => ({ rows: rowsOf(bench, await measure(bench)) }),
};
