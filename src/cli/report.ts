import { describeFinding, type Finding } from "./finding.ts";
import { describePlace } from "./place.ts";

/** How findings are written: for people, for programs, for GitHub's checks. */
export type ReportFormat = "human" | "json" | "github";

export const reportFormats: readonly ReportFormat[] = ["human", "json", "github"];

/** What was looked at, to tell "nothing is wrong" from "nothing was there". */
export interface ReportCounts {
  readonly files: number;
  readonly services: number;
  readonly routes: number;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `2 problems in 3 Services (2 files, 4 routes)` */
export const summarise = (findings: readonly Finding[], { files, services, routes }: ReportCounts): string => {
  const problems = findings.length === 0 ? "no problem" : plural(findings.length, "problem");
  return `${problems} in ${plural(services, "Service")} (${plural(files, "file")}, ${plural(routes, "route")})`;
};

/** One line: `shop.yaml:9: Service default/shop hotroute.io/port="htpp": expected …`. What is no YAML has its column too. */
export const humanLine = (finding: Finding): string => {
  const { place, reason } = finding;
  const column = reason === "Unreadable" && place !== null ? `:${place.column}` : "";
  return `${place === null ? "<stdin>" : describePlace(place)}${column}: ${describeFinding(finding)}\n`;
};

const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string): string => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** A workflow command. Source: GitHub's "Workflow commands", and `command.ts` of actions/toolkit for the escapes. */
const githubLine = (finding: Finding): string => {
  const { place, reason } = finding;
  const at =
    place === null || place.file === null
      ? []
      : [`file=${escapeProperty(place.file)}`, `line=${place.line}`, `col=${place.column}`];
  const properties = [...at, `title=${escapeProperty(`hotroute: ${reason}`)}`].join(",");
  return `::error ${properties}::${escapeData(describeFinding(finding))}\n`;
};

const jsonReport = (findings: readonly Finding[], counts: ReportCounts): string =>
  `${JSON.stringify({ ...counts, problems: findings }, null, 2)}\n`;

/** The findings in a format, each on a line; JSON is one object. */
export const formatReport = (findings: readonly Finding[], counts: ReportCounts, format: ReportFormat): string => {
  switch (format) {
    case "human":
      return findings.map(humanLine).join("");
    case "github":
      return findings.map(githubLine).join("");
    case "json":
      return jsonReport(findings, counts);
  }
};
