import type Handlebars from "handlebars";
import { faultOf, isRecord, placeOfLoc, TemplateFault, type TemplatePlace } from "./template-error.ts";

/** What a look at a template's text says beside that it can be compiled. */
export interface TemplateOutline {
  /** Where each partial is first used, by name. */
  readonly partialPlaces: ReadonlyMap<string, TemplatePlace | null>;
}

const prototypes: readonly object[] = [Object.prototype, Array.prototype, String.prototype];
/** Fields of the model, and helpers, by the name of a method; what else prototypes have, no template may ask for. */
const allowed: ReadonlySet<string> = new Set(["length", "match", "join", "with"]);
const isOfPrototype = (part: string): boolean =>
  !allowed.has(part) && prototypes.some((prototype) => Object.hasOwn(prototype, part));

/** Where the lexer stands: Handlebars' syntax errors have no other place, and its types do not show it. */
const lexerPlace = (handlebars: typeof Handlebars): TemplatePlace | null => {
  const parser: unknown = Reflect.get(handlebars, "Parser");
  const lexer: unknown = isRecord(parser) ? parser.lexer : null;
  const at: unknown = isRecord(lexer) ? lexer.yylloc : null;
  if (!isRecord(at) || typeof at.first_line !== "number" || typeof at.first_column !== "number") return null;
  return { line: at.first_line, column: at.first_column + 1 };
};

const parse = (handlebars: typeof Handlebars, source: string): hbs.AST.Program => {
  try {
    return handlebars.parse(source);
  } catch (error) {
    const fault = faultOf(error);
    throw fault.place === null ? new TemplateFault(lexerPlace(handlebars), fault.message) : fault;
  }
};

/**
 * Looks for what Handlebars would pass over in silence, or find only while it renders: names that only prototypes have,
 * block parameters, partials and decorators that do not exist.
 *
 * @param known the partials that there are beside those that the text defines itself
 * @throws TemplateFault, or Handlebars' own error where the text is no template
 */
export const checkTemplate = (
  handlebars: typeof Handlebars,
  source: string,
  known: ReadonlySet<string>,
): TemplateOutline => {
  const defined = new Set(known);
  const partialPlaces = new Map<string, TemplatePlace | null>();
  const notePartial = ({ name, loc }: hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement): void => {
    // A name that is worked out while rendering is looked up then.
    if (!("original" in name)) return;
    const text = String(name.original);
    if (!partialPlaces.has(text)) partialPlaces.set(text, placeOfLoc(loc));
  };
  const checkDecorator = ({ path, params, loc }: hbs.AST.Decorator | hbs.AST.DecoratorBlock): void => {
    const name = "original" in path ? String(path.original) : "";
    if (name !== "inline") throw new TemplateFault(placeOfLoc(loc), `there is no decorator ${JSON.stringify(name)}`);
    for (const param of params) if ("value" in param) defined.add(String(param.value));
  };
  class Checker extends handlebars.Visitor {
    override Program(program: hbs.AST.Program): void {
      // Strict mode does not reach them: a mistyped field of one would be an empty text.
      const [name] = program.blockParams ?? [];
      if (name !== undefined) {
        throw new TemplateFault(placeOfLoc(program.loc), `block parameters (as |${name}|) are not available: use ../`);
      }
      super.Program(program);
    }
    override PathExpression(path: hbs.AST.PathExpression): void {
      for (const part of path.parts) {
        if (!isOfPrototype(part)) continue;
        throw new TemplateFault(placeOfLoc(path.loc), `${JSON.stringify(part)} is no field of the model`);
      }
    }
    override PartialStatement(partial: hbs.AST.PartialStatement): void {
      notePartial(partial);
      super.PartialStatement(partial);
    }
    override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
      notePartial(partial);
      super.PartialBlockStatement(partial);
    }
    override Decorator(decorator: hbs.AST.Decorator): void {
      checkDecorator(decorator);
      super.Decorator(decorator);
    }
    override DecoratorBlock(decorator: hbs.AST.DecoratorBlock): void {
      checkDecorator(decorator);
      super.DecoratorBlock(decorator);
    }
  }
  new Checker().accept(parse(handlebars, source));
  for (const [name, place] of partialPlaces) {
    if (name.startsWith("@") || defined.has(name)) continue;
    throw new TemplateFault(place, `there is no partial ${JSON.stringify(name)}; there are ${[...known].join(", ")}`);
  }
  return { partialPlaces };
};
