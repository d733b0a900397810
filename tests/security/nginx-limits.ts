import { configure } from "../../src/nginx/configuration.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { type Directive, tokenize } from "../support/nginx-tokenizer.ts";
import { options } from "./fixture.ts";

// A name in an nginx hash takes 8 bytes, its length and 2 more, in a bucket of 64 with a pointer of 8.
const longestName = 46;
const mostConnections = 65_535;

const isBeyond = ({ name, args: [first = "", second = ""] }: Directive): boolean =>
  (/^(?:proxy|grpc)_(?:set|hide)_header$/.test(name) && first.length > longestName) ||
  (name === "limit_conn" && Number(second) > mostConnections);

const someBeyond = (directives: readonly Directive[]): boolean =>
  directives.some((directive) => isBeyond(directive) || someBeyond(directive.block ?? []));

/** Whether nginx refuses what the language lets through: limits-of-nginx.test.ts has each such value. */
export const isBeyondNginx = (service: ServiceRecord): boolean => {
  try {
    return someBeyond(tokenize(configure([service], options).text).directives);
  } catch (error) {
    // A word that nginx could not read.
    if (error instanceof SyntaxError) return true;
    throw error;
  }
};
