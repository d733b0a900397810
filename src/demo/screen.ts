import type { StoryKind, StoryLine } from "./story.ts";

/** What the first screen tells. */
export interface DemoFacts {
  readonly httpPort: number;
  /** What was asked for and was taken, each as a sentence. */
  readonly notes: readonly string[];
  readonly server: string;
  readonly kubeconfigPath: string;
  readonly servicesPath: string | null;
  readonly configPath: string;
  readonly logFolder: string;
  readonly generatorPort: number;
  readonly reloaderPort: number;
  /** How long from the start until nginx answered. */
  readonly startedMs: number;
  /** Whether kubectl is there to try. */
  readonly hasKubectl: boolean;
}

/** Where the demo writes for a person. Colours only where a terminal shows them. */
export interface Screen {
  facts(facts: DemoFacts): void;
  tell(line: StoryLine): void;
  say(text: string): void;
}

const colours: Readonly<Record<StoryKind, string>> = {
  live: "32",
  solved: "32",
  problem: "33",
  warning: "33",
  refused: "31",
};

const marks: Readonly<Record<StoryKind, string>> = {
  live: "✓",
  solved: "✓",
  problem: "!",
  warning: "·",
  refused: "✗",
};

const clockTime = (date: Date): string => date.toTimeString().slice(0, 8);

export const createScreen = (out: NodeJS.WriteStream): Screen => {
  const paint = (code: string, text: string): string => (out.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text);
  const say = (text: string): void => void out.write(`${text}\n`);
  const row = (name: string, value: string): void => say(`  ${paint("1", name.padEnd(10))}${value}`);
  return {
    say,
    tell: ({ kind, text }) =>
      say(`${paint("2", clockTime(new Date()))} ${paint(colours[kind], `${marks[kind]} ${text}`)}`),
    facts: (facts) => {
      const { httpPort, kubeconfigPath, servicesPath } = facts;
      say("");
      say(
        `${paint("1;36", "hotroute demo")}   the whole Pod on this machine, up in ${facts.startedMs} ms; Ctrl-C stops it`,
      );
      for (const note of facts.notes) say(paint("33", `  ${note}`));
      say("");
      row("nginx", `http://127.0.0.1:${httpPort}/`);
      if (servicesPath !== null) {
        row(
          "",
          `http://shop.localhost:${httpPort}/   http://shop.localhost:${httpPort}/cart   http://blog.localhost:${httpPort}/`,
        );
      }
      row("API", facts.server);
      if (servicesPath !== null) row("Services", `${servicesPath}   edit it and save: what it says is applied`);
      row("written", facts.configPath);
      row(
        "metrics",
        `http://127.0.0.1:${facts.generatorPort}/metrics   http://127.0.0.1:${facts.reloaderPort}/metrics`,
      );
      row("logs", facts.logFolder);
      say("");
      say(paint("1", "  Try, in another terminal"));
      if (servicesPath !== null) say(`    curl http://shop.localhost:${httpPort}/cart/7`);
      if (servicesPath !== null && facts.hasKubectl) {
        say(`    export KUBECONFIG=${kubeconfigPath}`);
        say("    kubectl label service blog hotroute.io/host=news.localhost --overwrite");
        say(`    curl http://news.localhost:${httpPort}/`);
        say("    kubectl annotate service cart hotroute.io/path=no-slash --overwrite     # a mistake costs one route");
        say("    kubectl create service clusterip hello --tcp=8000");
        say("    kubectl label service hello hotroute.io/expose=true hotroute.io/host=hello.localhost");
      } else if (servicesPath !== null) {
        say("    edit the Services file: another hotroute.io/host, a path without its slash, one more Service");
      } else {
        say(`    export KUBECONFIG=${kubeconfigPath}`);
        say("    kubectl label service NAME hotroute.io/expose=true hotroute.io/host=name.localhost");
      }
      say("");
    },
  };
};
