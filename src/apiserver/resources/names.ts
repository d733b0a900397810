/** Names and label syntax, with the words of k8s.io/apimachinery/pkg/util/validation. Each answers with its problems. */

const DNS1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_SUBDOMAIN = `${DNS1123_LABEL}(\\.${DNS1123_LABEL})*`;
const DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const tooLong = (limit: number): string => `must be no more than ${limit} characters`;

const explain = (what: string, pattern: string, ...examples: readonly string[]): string =>
  `${what} (e.g. ${examples.map((example) => `'${example}'`).join(",  or ")}, regex used for validation is '${pattern}')`;

const check = (value: string, limit: number, pattern: string, message: string): readonly string[] => [
  ...(value.length > limit ? [tooLong(limit)] : []),
  ...(whole(pattern).test(value) ? [] : [message]),
];

/** RFC 1123 label: at most 63 lower case letters, digits and hyphens. */
export const dns1123LabelProblems = (value: string): readonly string[] =>
  check(
    value,
    63,
    DNS1123_LABEL,
    explain(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
      DNS1123_LABEL,
      "my-name",
      "123-abc",
    ),
  );

/** RFC 1123 subdomain: labels joined by dots, at most 253 characters. */
export const dns1123SubdomainProblems = (value: string): readonly string[] =>
  check(
    value,
    253,
    DNS1123_SUBDOMAIN,
    explain(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      DNS1123_SUBDOMAIN,
      "example.com",
    ),
  );

/** RFC 1035 label: begins with a letter. Services demand it up to Kubernetes 1.35; later ones let a digit begin. */
export const dns1035LabelProblems = (value: string): readonly string[] =>
  check(
    value,
    63,
    DNS1035_LABEL,
    explain(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      DNS1035_LABEL,
      "my-name",
      "abc-123",
    ),
  );

const namePartProblems = (name: string): readonly string[] => [
  ...(name === "" ? ["name part must be non-empty"] : []),
  ...(name.length > 63 ? [`name part ${tooLong(63)}`] : []),
  ...(whole(QUALIFIED_NAME).test(name)
    ? []
    : [
        explain(
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
          QUALIFIED_NAME,
          "MyName",
          "my.name",
          "123-abc",
        ),
      ]),
];

const NO_QUALIFIED_NAME = `${explain(
  "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED_NAME,
  "MyName",
  "my.name",
  "123-abc",
)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;

/** A label or annotation key: an optional DNS subdomain and a slash, then at most 63 characters. */
export const labelKeyProblems = (key: string): readonly string[] => {
  const parts = key.split("/");
  const [first = "", second] = parts;
  if (parts.length > 2) return [NO_QUALIFIED_NAME];
  if (second === undefined) return namePartProblems(first);
  const prefix =
    first === ""
      ? ["prefix part must be non-empty"]
      : dns1123SubdomainProblems(first).map((one) => `prefix part ${one}`);
  return [...prefix, ...namePartProblems(second)];
};

/** A label value: empty or at most 63 characters. */
export const labelValueProblems = (value: string): readonly string[] =>
  check(
    value,
    63,
    LABEL_VALUE,
    explain(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      LABEL_VALUE,
      "MyValue",
      "my_value",
      "12345",
    ),
  );

/** A port name as a Pod has it (IANA service name): at most 15 characters with a letter among them. */
export const portNameProblems = (name: string): readonly string[] => [
  ...(name.length > 15 ? ["must be no more than 15 characters"] : []),
  ...(/^[-a-z0-9]*$/.test(name) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
  ...(/[a-z]/.test(name) ? [] : ["must contain at least one letter (a-z)"]),
  ...(name.includes("--") ? ["must not contain consecutive hyphens"] : []),
  ...(/^-|-$/.test(name) ? ["must not begin or end with a hyphen"] : []),
];

export const portNumberProblem = "must be between 1 and 65535, inclusive";
