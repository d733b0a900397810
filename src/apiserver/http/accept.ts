import { notAcceptable } from "../status.ts";
import type { IncludeObject } from "../table.ts";

/** How an answer is written. */
export interface Format {
  readonly shape: "object" | "table" | "partial";
  readonly yaml: boolean;
}

/** One clause of an Accept header: its media type and parameters, in lower case. */
export interface AcceptClause {
  readonly mediaType: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const ACCEPTED = ["application/json", "application/yaml"];

/** Splits an Accept header (RFC 9110, section 12.5.1) into clauses, the client's first choice first. */
export const parseAccept = (header: string): readonly AcceptClause[] =>
  header.split(",").map((clause) => {
    const [mediaType = "", ...parameters] = clause.split(";").map((part) => part.trim());
    const pairs = parameters.map((parameter): [string, string] => {
      const [name = "", value = ""] = parameter.split("=");
      return [name.trim().toLowerCase(), value.trim()];
    });
    return { mediaType: mediaType.toLowerCase(), parameters: new Map(pairs) };
  });

const formatOf = ({ mediaType, parameters }: AcceptClause): Format | null => {
  const yaml = mediaType === "application/yaml";
  if (!yaml && !["application/json", "*/*", "application/*", ""].includes(mediaType)) return null;
  const [shape, group, version] = [parameters.get("as"), parameters.get("g"), parameters.get("v")];
  if (shape === undefined) return { shape: "object", yaml };
  if (group !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return null;
  switch (shape) {
    case "Table":
      return { shape: "table", yaml };
    case "PartialObjectMetadata":
    case "PartialObjectMetadataList":
      return { shape: "partial", yaml };
    default:
      return null;
  }
};

/** The first format of the header that this server can write. @throws ApiError 406 */
export const negotiate = (header: string): Format => {
  for (const clause of parseAccept(header)) {
    const format = formatOf(clause);
    if (format !== null) return format;
  }
  throw notAcceptable(ACCEPTED);
};

/** What a table's rows carry, as `includeObject` says it. */
export const parseIncludeObject = (query: URLSearchParams): IncludeObject => {
  const value = query.get("includeObject");
  return value === "None" || value === "Object" ? value : "Metadata";
};
