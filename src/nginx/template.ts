import type Handlebars from "handlebars";
import { builtInPartials, builtInTemplate, partialNames, sharedParts } from "./partials.ts";
import type { SiteTemplate, SiteView } from "./site-view.ts";
import { checkTemplate, type TemplateOutline } from "./template-check.ts";
import { faultOf, TemplateError, TemplateFault } from "./template-error.ts";
import { createEnvironment, ownHelpers, type RenderBounds, type TypedEnvironment } from "./template-helpers.ts";

/** A template of the user's own, as it was read. */
export interface TemplateSource {
  /** Named in errors. */
  readonly path: string;
  readonly text: string;
}

/** @throws TemplateError where the text is no template, or asks for what does not exist */
export type TemplateCompiler = (source: TemplateSource) => SiteTemplate;

/** The largest configuration that a template may make: 50,000 routed Services take 25 MiB of the built-in one. */
export const maxOutputLength = 64 * 1024 * 1024;
const bounds: RenderBounds = { maxOutputLength, maxIterations: 20_000_000 };

const compileOptions = {
  noEscape: true,
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: {
    ...Object.fromEntries(Object.keys(ownHelpers).map((name) => [name, true])),
    log: false,
    helperMissing: false,
    blockHelperMissing: false,
  },
};

/** What a built-in partial complains of is said of the place where it is used, not of its own text. */
const registerPartials = ({ environment }: TypedEnvironment, { partialPlaces }: TemplateOutline): void => {
  for (const name of sharedParts)
    environment.registerPartial(name, environment.template<unknown>(builtInPartials[name]));
  for (const name of partialNames) {
    const partial = environment.template<unknown>(builtInPartials[name]);
    environment.registerPartial(name, (context: unknown, options?: Handlebars.RuntimeOptions): string => {
      try {
        return partial(context, options);
      } catch (error) {
        const reason = `in the partial ${name}: ${faultOf(error).message}; it must be given the whole model`;
        throw new TemplateFault(partialPlaces.get(name) ?? null, reason);
      }
    });
  }
};

const checkOutput = (text: string): string => {
  if (text.trim() === "") throw new TemplateFault(null, "it makes an empty configuration");
  if (text.length > maxOutputLength) {
    throw new TemplateFault(null, `it makes ${text.length} characters, more than the ${maxOutputLength} allowed`);
  }
  const whole = text.indexOf("[object Object]");
  if (whole >= 0) {
    const line = text.slice(0, whole).split("\n").length;
    throw new TemplateFault(
      null,
      `line ${line} of what it makes has an object printed as a whole: name one of its fields`,
    );
  }
  return text.endsWith("\n") ? text : `${text}\n`;
};

const located = <T>(path: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    const { place, message } = faultOf(error);
    throw new TemplateError(path, place, message);
  }
};

const compile = (handlebars: typeof Handlebars, { path, text }: TemplateSource): SiteTemplate =>
  located(path, () => {
    const outline = checkTemplate(handlebars, text, new Set(partialNames));
    const typed = createEnvironment(handlebars, bounds);
    registerPartials(typed, outline);
    // `compile` alone compiles at the first use: an unknown helper is to be found now.
    typed.environment.precompile(text, compileOptions);
    const template = typed.environment.compile<SiteView>(text, compileOptions);
    return {
      sharesServers: outline.partialPlaces.has("sharedServers"),
      answersOthers: outline.partialPlaces.has("defaultServer"),
      render: (view) =>
        located(path, () => {
          typed.reset();
          return checkOutput(
            template(view, { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false }),
          );
        }),
    };
  });

/** Loads the compiler, a third of a megabyte that only those with a template of their own need. */
export const loadTemplateCompiler = async (): Promise<TemplateCompiler> => {
  const { default: handlebars } = await import("handlebars");
  return (source) => compile(handlebars, source);
};

/**
 * Compiles a template of the user's own.
 *
 * @param source null: the built-in one serves
 * @throws TemplateError
 */
export const loadTemplate = async (source: TemplateSource | null): Promise<SiteTemplate> =>
  source === null ? builtInTemplate : (await loadTemplateCompiler())(source);
