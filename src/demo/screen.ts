import type { WriteStream } from "node:tty";
import { type DemoFacts, describeFacts, type FactLine } from "./facts.ts";
import type { StoryKind, StoryLine } from "./story.ts";
import { wrap } from "./wrap.ts";

/** Where the demo writes for a person. Colours and line breaks only where a terminal shows them. */
export interface Screen {
  facts(facts: DemoFacts): void;
  tell(line: StoryLine): void;
  say(text: string): void;
  /** Told once when the demo begins to end. */
  stopping(): void;
  /** Aborted when nobody reads any more: the terminal was closed, or the program at the other end of the pipe ended. */
  readonly lost: AbortSignal;
}

export interface ScreenOptions {
  readonly out: WriteStream;
  readonly home: string;
  readonly workingFolder: string;
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

const factColours: Readonly<Record<FactLine["kind"], string>> = { title: "1;36", note: "33", head: "1", text: "0" };

/** More than anybody reads; a message may hold a file's text. */
const maxTextCharacters = 1000;
/** How long after the first screen a pipe is written to again. */
const probeMs = 500;
const storyIndent = " ".repeat("12:00:00 ✓ ".length);

const clockTime = (date: Date): string => date.toTimeString().slice(0, 8);

/** What others wrote (a file, a server) moves no cursor here. */
const printable = (text: string): string => text.slice(0, maxTextCharacters).replace(/\p{Cc}+/gu, " ");

export const createScreen = ({ out, home, workingFolder }: ScreenOptions): Screen => {
  const lost = new AbortController();
  out.on("error", () => lost.abort("output"));
  const paint = (code: string, text: string): string => (out.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text);
  const say = (text: string): void => {
    if (!lost.signal.aborted) out.write(`${text}\n`);
  };
  const columns = (): number => (out.isTTY ? Math.max(40, out.columns) : Number.POSITIVE_INFINITY);
  return {
    say,
    lost: lost.signal,
    stopping: () => say(paint("2", `${out.isTTY ? "\r" : ""}stopping`)),
    tell: ({ kind, text }) => {
      const lines = wrap(printable(text).split(" "), columns() - storyIndent.length);
      const body = lines.map((line, index) => paint(colours[kind], `${index === 0 ? `${marks[kind]} ` : ""}${line}`));
      say(`${paint("2", clockTime(new Date()))} ${body.join(`\n${storyIndent}`)}`);
    },
    facts: (facts) => {
      for (const { kind, name, text } of describeFacts(facts, { home, workingFolder, columns: columns() })) {
        say(`${paint("1", name)}${paint(factColours[kind], text)}`.trimEnd());
      }
      // That a pipe's reader has ended (`| head`) shows at a write only.
      if (!out.isTTY) setTimeout(() => say(""), probeMs).unref();
    },
  };
};
