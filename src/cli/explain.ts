import { explainRequest } from "../routes/explain.ts";
import type { Command } from "./arguments.ts";
import type { CliConfig } from "./config.ts";
import { explanationText } from "./explanation-text.ts";
import { prepare } from "./prepare.ts";
import { humanLine } from "./report.ts";
import type { Streams } from "./streams.ts";
import { readUrl } from "./url.ts";

/** Says who answers a URL, and why: exit 1 when nobody does. */
export const explain = async (
  command: Extract<Command, { kind: "explain" }>,
  config: CliConfig,
  streams: Streams,
): Promise<0 | 1 | 2> => {
  const url = readUrl(command.url);
  if (url.kind === "no-url") {
    await streams.err(`hotroute: ${JSON.stringify(command.url)}: ${url.message}\n`);
    return 2;
  }
  const prepared = await prepare(command, config, streams);
  if (!prepared.loaded.isWhole) {
    await streams.err(prepared.findings.map(humanLine).join(""));
    return 2;
  }
  if (url.kind === "bad-request") {
    await streams.out(`${url.shown}\n  400: nginx takes this for no request: a bad escape, or .. above the root\n`);
    return 1;
  }
  const explanation = explainRequest(prepared.routes, url.request);
  await streams.out(explanationText(url, explanation, prepared, config.routing.configuration));
  return explanation.winner === null ? 1 : 0;
};
