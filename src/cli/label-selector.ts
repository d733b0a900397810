/** Says whether a set of labels is selected. */
export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

const word = "[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?";
const requirement = new RegExp(
  `\\s*(?:!\\s*(?<absent>[^\\s!=,()]+)|(?<key>[^\\s!=,()]+)(?:\\s*(?<operator>==?|!=)\\s*(?<value>${word})?|\\s+(?<set>in|notin)\\s*\\((?<values>[^()]*)\\))?)\\s*(?<end>,|$)`,
  "y",
);
const labelName = new RegExp(`^${word}$`);
const labelPrefix = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

const isLabelText = (text: string): boolean => text.length <= 63 && labelName.test(text);

const isLabelKey = (key: string): boolean => {
  const [first = "", second, ...rest] = key.split("/");
  if (second === undefined) return isLabelText(first);
  return rest.length === 0 && first.length <= 253 && labelPrefix.test(first) && isLabelText(second);
};

const testOf = (groups: Readonly<Record<string, string | undefined>>): LabelTest | null => {
  const { absent, key = "", operator, value = "", set, values = "" } = groups;
  if (!isLabelKey(absent ?? key)) return null;
  if (absent !== undefined) return (labels) => !Object.hasOwn(labels, absent);
  if (operator === undefined && set === undefined) return (labels) => Object.hasOwn(labels, key);
  const wanted = set === undefined ? [value] : values.split(",").map((element) => element.trim());
  if (!wanted.every((element) => element === "" || isLabelText(element))) return null;
  const isOneOf: LabelTest = (labels) => Object.hasOwn(labels, key) && wanted.includes(labels[key] ?? "");
  return operator === "!=" || set === "notin" ? (labels) => !isOneOf(labels) : isOneOf;
};

/**
 * Parses a label selector as the API server reads it: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`,
 * joined by commas. Source: k8s.io/apimachinery/pkg/labels.
 *
 * @returns null when it is none
 */
export const parseLabelSelector = (text: string): LabelTest | null => {
  const tests: LabelTest[] = [];
  if (text.trim() === "") return () => true;
  requirement.lastIndex = 0;
  for (let end: string | undefined = ","; end === ","; ) {
    const groups: Readonly<Record<string, string | undefined>> | undefined = requirement.exec(text)?.groups;
    const test = groups === undefined ? null : testOf(groups);
    if (test === null) return null;
    tests.push(test);
    end = groups?.end;
  }
  return (labels) => tests.every((test) => test(labels));
};
