import { builtInTemplate } from "../nginx/partials.ts";
import type { SiteTemplate } from "../nginx/site-view.ts";
import { loadTemplateCompiler, type TemplateCompiler, type TemplateSource } from "../nginx/template.ts";
import { TemplateError } from "../nginx/template-error.ts";
import type { Logger } from "../ops/log.ts";
import { readTextFile } from "../settings/text-file.ts";
import type { GeneratorMetrics } from "./metrics.ts";
import { watchFile } from "./watched-file.ts";

/** The template as its file last said it well. */
export interface TemplateWatch {
  /**
   * Makes something by the newest template that can be compiled; where that cannot be applied, by the last one that could.
   *
   * @throws TemplateError when neither can; it has been logged
   */
  apply<T>(make: (template: SiteTemplate) => T): T;
  /**
   * Goes back to a template that nginx took, until the file changes.
   *
   * @param reason what nginx said of the newest
   */
  revert(to: SiteTemplate, reason: string): void;
  /** What is wrong with the file, in one line; null when nothing is. */
  readonly fault: string | null;
  close(): Promise<void>;
}

export interface TemplateWatchOptions {
  /** As read at the start; null: the built-in template serves, there is nothing to watch. */
  readonly source: TemplateSource | null;
  readonly compareIntervalMs: number;
  readonly metrics: Pick<GeneratorMetrics, "templateLastReloadSuccessful">;
  readonly log: Logger;
  /** Told after another template has been compiled. */
  readonly onChange: () => void;
}

/** Keeps what is wrong: said when it changes, and when it is over. */
const createFaultLog = (path: string, { metrics, log }: TemplateWatchOptions) => {
  // A template that renders does not mend a file that has become unreadable since, nor the other way round.
  const faults: Record<"file" | "rendering", TemplateError | null> = { file: null, rendering: null };
  const current = (): TemplateError | null => faults.file ?? faults.rendering;
  return {
    current,
    set: (kind: "file" | "rendering", fault: TemplateError | null): void => {
      const before = current()?.message;
      faults[kind] = fault;
      const now = current();
      metrics.templateLastReloadSuccessful.set(now === null ? 1 : 0);
      if (now?.message === before) return;
      if (now === null) log.info({ path }, "the template is good again");
      else {
        const { line = null, column = null } = now.place ?? {};
        log.warn({ path, line, column, reason: now.message }, "the template cannot be used, the last good one stands");
      }
    },
  };
};

const follow = (first: TemplateSource, compile: TemplateCompiler, options: TemplateWatchOptions): TemplateWatch => {
  const { compareIntervalMs, log, onChange } = options;
  const { path } = first;
  const faults = createFaultLog(path, options);
  let text: string | null = null;
  /** The last that was compiled, and the last that was applied. */
  let newest: SiteTemplate | null = null;
  let good: SiteTemplate | null = null;

  const caught = (error: unknown): TemplateError => {
    if (error instanceof TemplateError) return error;
    throw error;
  };
  const take = (found: string): void => {
    if (found === text) return;
    text = found;
    try {
      newest = compile({ path, text });
      faults.set("file", null);
    } catch (error) {
      faults.set("file", caught(error));
    }
  };
  const look = (): void => {
    const reading = readTextFile(path);
    if (!reading.ok) {
      // When it can be read again it is compiled again, even if it says what it said before.
      text = null;
      faults.set("file", new TemplateError(path, null, reading.reason));
      return;
    }
    const before = newest;
    take(reading.text);
    if (newest === before) return;
    log.info({ path }, "the template has changed");
    onChange();
  };
  const apply = <T>(make: (template: SiteTemplate) => T): T => {
    if (newest !== null) {
      try {
        const made = make(newest);
        good = newest;
        faults.set("rendering", null);
        return made;
      } catch (error) {
        faults.set("rendering", caught(error));
      }
    }
    if (good !== null && good !== newest) return make(good);
    throw faults.current() ?? new TemplateError(path, null, "there is no template");
  };
  take(first.text);
  const watch = watchFile(path, compareIntervalMs, look);
  return {
    apply,
    revert: (to, reason) => {
      newest = null;
      good = to;
      faults.set("file", new TemplateError(path, null, `nginx refuses what it makes: ${reason}`));
    },
    get fault() {
      return faults.current()?.message ?? null;
    },
    close: watch.close,
  };
};

/**
 * Watches the template of `TEMPLATE_FILE`. A version that is bad or missing is said once, and the last good one stands;
 * one that is bad from the start makes nothing until it is good.
 */
export const watchTemplate = async (options: TemplateWatchOptions): Promise<TemplateWatch> =>
  options.source === null
    ? { apply: (make) => make(builtInTemplate), revert: () => undefined, fault: null, close: async () => {} }
    : follow(options.source, await loadTemplateCompiler(), options);
