import { resolve } from "node:path";
import type { TemplateSource } from "../nginx/template.ts";
import type { Parsed } from "./environment.ts";
import { maxTextBytes, readTextFile } from "./text-file.ts";

/** Parses `TEMPLATE_FILE`: the path of a text that can be read; whether it is a template shows when it is compiled. */
export const parseTemplateSetting = (raw: string): Parsed<TemplateSource> => {
  const path = resolve(raw);
  const reading = readTextFile(path);
  return reading.ok
    ? { ok: true, value: { path, text: reading.text } }
    : { ok: false, expected: `a Handlebars template of at most ${maxTextBytes} bytes; ${reading.reason}` };
};
