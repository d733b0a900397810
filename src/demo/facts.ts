import { relative } from "node:path";
import { wrap } from "./wrap.ts";

/** What the first screen tells. */
export interface DemoFacts {
  readonly httpPort: number;
  /** What was asked for and was taken, each as a sentence. */
  readonly notes: readonly string[];
  readonly server: string;
  readonly kubeconfigPath: string;
  /** Null with a cluster's API. */
  readonly servicesPath: string | null;
  readonly configPath: string;
  readonly logFolder: string;
  readonly generatorPort: number;
  readonly reloaderPort: number;
  /** How long from the start until nginx answered, in milliseconds. */
  readonly startedMs: number;
  /** Whether kubectl is there to try. */
  readonly hasKubectl: boolean;
}

/** A line of the first screen: a bold name, and what follows it. */
export interface FactLine {
  readonly kind: "title" | "note" | "head" | "text";
  readonly name: string;
  readonly text: string;
}

export interface FactLayout {
  readonly home: string;
  readonly workingFolder: string;
  /** How wide the screen is. */
  readonly columns: number;
}

const nameWidth = 12;

/** A path as a person would write it here. */
const shorten = (path: string, { workingFolder, home }: FactLayout): string => {
  const fromHere = relative(workingFolder, path);
  if (!fromHere.startsWith("..")) return fromHere;
  return home !== "" && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
};

const row = (name: string, items: readonly string[], { columns }: FactLayout): readonly FactLine[] =>
  wrap(items, columns - nameWidth, "  ").map((text, index) => ({
    kind: "text",
    name: (index === 0 ? `  ${name}` : "").padEnd(nameWidth),
    text,
  }));

const commands = (facts: DemoFacts, layout: FactLayout): readonly string[] => {
  const { httpPort, servicesPath, kubeconfigPath } = facts;
  const use = `export KUBECONFIG=${kubeconfigPath}`;
  if (servicesPath === null) {
    return [use, "kubectl label service NAME hotroute.io/expose=true \\", "  hotroute.io/host=name.localhost"];
  }
  const curl = `curl http://shop.localhost:${httpPort}/cart/7`;
  if (!facts.hasKubectl) {
    return [curl, `edit ${shorten(servicesPath, layout)}: another host, a path without its slash, one more Service`];
  }
  return [
    curl,
    use,
    "kubectl label service blog hotroute.io/host=news.localhost --overwrite",
    `curl http://news.localhost:${httpPort}/`,
    "kubectl annotate service cart hotroute.io/path=no-slash --overwrite",
  ];
};

const empty: FactLine = { kind: "text", name: "", text: "" };

/** Lays out the first screen: what to open, where things lie, what to try. */
export const describeFacts = (facts: DemoFacts, layout: FactLayout): readonly FactLine[] => {
  const { httpPort, servicesPath, configPath, logFolder } = facts;
  const samples = ["http://shop.localhost", "http://shop.localhost/cart", "http://blog.localhost"].map((url) =>
    url.replace("localhost", `localhost:${httpPort}`),
  );
  const seconds = (facts.startedMs / 1000).toFixed(1);
  return [
    empty,
    { kind: "title", name: "", text: `hotroute demo: up in ${seconds} s, Ctrl-C stops it` },
    ...facts.notes.map((text): FactLine => ({ kind: "note", name: "  ", text })),
    empty,
    ...row("nginx", servicesPath === null ? [`http://127.0.0.1:${httpPort}`] : samples, layout),
    ...(servicesPath === null ? [] : row("Services", [shorten(servicesPath, layout), "(edit and save it)"], layout)),
    ...row("API", [facts.server], layout),
    ...row("written", [shorten(configPath, layout)], layout),
    ...row("logs", [shorten(logFolder, layout)], layout),
    ...row(
      "metrics",
      [facts.generatorPort, facts.reloaderPort].map((p) => `http://127.0.0.1:${p}/metrics`),
      layout,
    ),
    empty,
    { kind: "head", name: "", text: "  Try in another terminal" },
    ...commands(facts, layout).map((text): FactLine => ({ kind: "text", name: "    ", text })),
    empty,
  ];
};
