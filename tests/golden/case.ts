import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { parseAccessLog } from "../../src/nginx/access-log.ts";
import { type Configuration, type ConfigurationOptions, configure } from "../../src/nginx/configuration.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { allUpstreamHeaders, parseUpstreamHeaders } from "../../src/nginx/proxy-headers.ts";
import type { SiteTemplate } from "../../src/nginx/site-view.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import { parseCidr } from "../../src/routes/values/cidr.ts";
import { parseClassName } from "../../src/routes/values/class-name.ts";

/** The folders of the golden cases: each is a specification by example. */
export const goldenFolder = import.meta.dirname;
export const goldenCases = (): readonly string[] =>
  readdirSync(goldenFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

export const readGolden = (name: string, file: string): string => readFileSync(join(goldenFolder, name, file), "utf8");

const documents = (name: string, file: string): readonly unknown[] =>
  parseAllDocuments(readGolden(name, file))
    .map((document) => document.toJS() as unknown)
    .filter((document) => document !== null);

const must = <T>(value: T | null, what: string): T => {
  if (value === null) throw new Error(`bad ${what} in options.yaml`);
  return value;
};

interface GoldenOptions {
  readonly keyPrefix?: string;
  readonly class?: string;
  readonly listens?: string;
  readonly trustedProxies?: readonly string[];
  readonly upstreamCaFile?: string;
  readonly accessLog?: string;
  readonly upstreamHeaders?: string;
  readonly isGrpcAvailable?: boolean;
  readonly isRecentNginx?: boolean;
  /** The oldest nginx that reads it; left out: every one that is supported. */
  readonly nginx?: string;
}

const readGoldenOptions = (name: string): GoldenOptions => {
  const hasOptions = readdirSync(join(goldenFolder, name)).includes("options.yaml");
  return (hasOptions ? documents(name, "options.yaml")[0] : {}) as GoldenOptions;
};

/** The oldest nginx that reads a case's configuration. */
export const oldestNginx = (name: string): string => readGoldenOptions(name).nginx ?? "1.22.0";

const readOptions = (name: string): ConfigurationOptions => {
  const options = readGoldenOptions(name);
  return {
    keyPrefix: options.keyPrefix ?? "hotroute.io/",
    selectorKeys: new Set(["expose"]),
    isGrpcAvailable: options.isGrpcAvailable ?? true,
    isRecentNginx: options.isRecentNginx ?? false,
    accessLog: must(parseAccessLog(options.accessLog ?? "off"), "accessLog"),
    upstreamHeaders:
      options.upstreamHeaders === undefined
        ? allUpstreamHeaders
        : must(parseUpstreamHeaders(options.upstreamHeaders), "upstreamHeaders"),
    upstreamCaFile: options.upstreamCaFile ?? null,
    class: options.class === undefined ? null : must(parseClassName(options.class), "class"),
    listens: must(parseListenList(options.listens ?? "8080"), "listens"),
    trustedProxies: (options.trustedProxies ?? []).map((cidr) => must(parseCidr(cidr), "trustedProxies")),
  };
};

/** Runs a case's Services through the core; `order` may rearrange them first. */
export const runGolden = (
  name: string,
  order: (services: readonly ServiceRecord[]) => readonly ServiceRecord[] = (services) => services,
  template?: SiteTemplate,
): Configuration => {
  const options = readOptions(name);
  const services = documents(name, "services.yaml").map((document) =>
    must(readService(document, options.keyPrefix), "Service"),
  );
  return configure(order(services), options, null, template);
};

export const problemsText = ({ problems }: Configuration): string =>
  problems.map((problem) => `${describeProblem(problem)}\n`).join("");
