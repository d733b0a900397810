import { type Directive, tokenize } from "../support/nginx-tokenizer.ts";
import { comments, grammar } from "./grammar.ts";
import type { Context, Form, Word } from "./words.ts";

const show = ({ name, args, line }: Directive): string =>
  `line ${line}: ${JSON.stringify([name, ...args]).slice(0, 300)}`;

const fits = (form: readonly Word[], words: readonly string[]): boolean =>
  form.length === words.length &&
  form.every((wanted, index) => {
    const word = words[index] ?? "";
    return typeof wanted === "string" ? wanted === word : wanted.test(word);
  });

const ofTable = (entries: readonly Directive[], table: readonly (readonly Word[])[]): readonly string[] =>
  entries
    .filter(({ name, args, block }) => block !== null || !table.some((entry) => fits(entry, [name, ...args])))
    .map((entry) => `not an entry of this table: ${show(entry)}`);

const inBlock = (block: readonly Directive[], opens: Form["opens"]): readonly string[] =>
  typeof opens === "string" ? inContext(block, opens) : ofTable(block, opens ?? []);

const inContext = (directives: readonly Directive[], context: Context): readonly string[] =>
  directives.flatMap((directive) => {
    const { name, args, block } = directive;
    const forms = Object.hasOwn(grammar[context], name) ? (grammar[context][name] ?? []) : [];
    const form = forms.find(({ words, opens }) => fits(words, args) && (opens === undefined) === (block === null));
    if (form === undefined) return [`not allowed in ${context}: ${show(directive)}`];
    return block === null ? [] : inBlock(block, form.opens);
  });

/** What a location leads to must be an upstream of the same file. */
const dangling = (directives: readonly Directive[]): readonly string[] => {
  const upstreams = new Set(directives.filter(({ name }) => name === "upstream").map(({ args }) => args[0]));
  return locationsOf(directives)
    .filter(({ upstream }) => upstream !== null && upstream !== "$hotroute_address" && !upstreams.has(upstream))
    .map(({ pattern, upstream }) => `location ${pattern} leads nowhere: ${upstream}`);
};

/** `shop.default.80` of `http://shop.default.80/x`. */
const upstreamOf = (url: string): string => url.replace(/^(?:http|grpc)s?:\/\//, "").replace(/\/.*$/, "");

/** A location of a server. */
export interface ServedLocation {
  /** A wildcard of one label as Services name it, however nginx is told. */
  readonly hosts: readonly string[];
  /** As it stands: `= /a`, `/a/`. */
  readonly pattern: string;
  readonly body: readonly Directive[];
  /** The upstream it leads to; null where nginx answers. */
  readonly upstream: string | null;
}

const namesOf = (server: readonly Directive[]): readonly string[] =>
  server.filter(({ name }) => name === "server_name").flatMap(({ args }) => args);

const asHost = (name: string): string =>
  name.startsWith("~^[a-z0-9_-]+\\.") ? `*${name.slice(13, -1).replaceAll("\\.", ".")}` : name;

/** nginx looks at its own wildcards first: beside one of them, an expression may never be looked at. */
const shadowed = (directives: readonly Directive[]): readonly string[] => {
  const names = directives.filter(({ name }) => name === "server").flatMap(({ block }) => namesOf(block ?? []));
  const expressions = names.filter((name) => name.startsWith("~"));
  return names.some((name) => name.startsWith("*")) ? expressions.map((name) => `${name} stands beside wildcards`) : [];
};

/** nginx's own wildcards take any depth: a server that has one must refuse what is deeper, and nothing else. */
const loose = (directives: readonly Directive[]): readonly string[] =>
  directives.flatMap(({ name, block }) => {
    const names = name === "server" ? namesOf(block ?? []) : [];
    if (!names.some((host) => host.startsWith("*"))) return [];
    const checks = (block ?? []).filter((directive) => directive.name === "if").map(({ args }) => args[2] ?? "");
    const takes = (host: string): boolean => checks.every((check) => new RegExp(check).test(host));
    return names.flatMap((host) => {
      const own = host.replace("*", "nobodys");
      return [
        ...(takes(own) ? [] : [`${own} is refused`]),
        ...(host === own || !takes(`nobodys.${own}`) ? [] : [`nobodys.${own} is taken`]),
      ];
    });
  });

/** Every location of a configuration. */
export const locationsOf = (directives: readonly Directive[]): readonly ServedLocation[] =>
  directives
    .filter(({ name }) => name === "server")
    .flatMap(({ block }) => {
      const inside = block ?? [];
      const hosts = namesOf(inside).map(asHost);
      return inside
        .filter(({ name }) => name === "location")
        .map(({ args, block: body }) => {
          const url = body?.find(({ name }) => name === "proxy_pass" || name === "grpc_pass")?.args[0];
          return {
            hosts,
            pattern: args.join(" "),
            body: body ?? [],
            upstream: url === undefined ? null : upstreamOf(url),
          };
        });
    });

/** What a default.conf holds that it may not hold; empty when all is as it should be. */
export const violations = (text: string): readonly string[] => {
  const file = tokenize(text);
  const strange = file.comments.filter((comment) => !comments.some((wanted) => fits([wanted], [comment])));
  return [
    ...strange.map((comment) => `not a comment of the template: ${comment.slice(0, 300)}`),
    ...inContext(file.directives, "http"),
    ...dangling(file.directives),
    ...loose(file.directives),
    ...shadowed(file.directives),
  ];
};

/** The names of the directives, nested, without any of their words. */
export const structure = (directives: readonly Directive[]): string =>
  directives.map(({ name, block }) => (block === null ? `${name};` : `${name}{${structure(block)}}`)).join("");
