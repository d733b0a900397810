import { markdownTable } from "./row.ts";
import type { Curve, Section, SectionResult } from "./section.ts";

/** A section that ran, or why it did not come to its end. */
export interface Outcome {
  readonly section: Section;
  readonly result: SectionResult | null;
  readonly failure: string | null;
  readonly tookMs: number;
}

const sectionText = ({ section, result, failure, tookMs }: Outcome): string => {
  const body = result === null ? `Failed: ${failure}\n` : markdownTable(result.rows);
  return `## ${section.title}\n\n\`${section.name}\`, ${Math.round(tookMs / 1000)} s. ${section.method}\n\n${body}`;
};

const isMissed = ({ result }: Outcome): boolean => result?.rows.some(({ isMet }) => isMet === false) ?? true;

/** The whole of RESULTS.md. @param plot the plot's file name, null where there is none */
export const formatReport = (options: {
  readonly facts: readonly string[];
  readonly outcomes: readonly Outcome[];
  readonly curves: readonly Curve[];
  readonly plot: string | null;
  readonly tookMs: number;
  readonly command: string;
}): string => {
  const { facts, outcomes, plot, tookMs, command } = options;
  const rows = outcomes.flatMap(({ result }) => result?.rows ?? []);
  const [met, judged] = [rows.filter(({ isMet }) => isMet).length, rows.filter(({ isMet }) => isMet !== null).length];
  const missed = outcomes.filter(isMissed).map(({ section }) => section.title);
  const image =
    plot === null
      ? ""
      : `\n![Growth with the number of Services](${plot})\n\nDashed: the straight line that the first Services begin.\n`;
  return `# Results

Made by \`${command}\` in ${(tookMs / 60_000).toFixed(1)} minutes; not edited. [README.md](README.md) says how it is measured,
[NOTES.md](NOTES.md) what was tried.

${facts.map((fact) => `- ${fact}\n`).join("")}
${met} of ${judged} reaches are met${missed.length === 0 ? "" : `; not all in: ${missed.join(", ")}`}.

A cell is the median, in brackets the 5th and the 95th percentile. *Reference* was measured in the same run, in turn with it;
*ratio* is measured by reference.

${outcomes.map(sectionText).join("\n")}${image}`;
};
