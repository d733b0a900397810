import { type Configuration, type ConfigurationOptions, configure } from "../nginx/configuration.ts";
import { builtInTemplate } from "../nginx/partials.ts";
import type { SiteTemplate } from "../nginx/site-view.ts";
import { TemplateError } from "../nginx/template-error.ts";
import type { Logger } from "../ops/log.ts";
import { describeError } from "../ops/program.ts";
import type { HostPolicy } from "../routes/host-policy.ts";
import { sortProblems } from "../routes/problem.ts";
import type { ConfigFile } from "./config-file.ts";
import type { GeneratorMetrics } from "./metrics.ts";
import type { ProblemLog } from "./problem-log.ts";
import type { Publication } from "./propagation.ts";
import type { Ingredients } from "./quarantine/ingredients.ts";
import type { Sifted } from "./quarantine/quarantine.ts";
import type { TemplateWatch } from "./template-watch.ts";

export interface PublisherOptions {
  readonly file: ConfigFile;
  readonly path: string;
  readonly configuration: () => ConfigurationOptions;
  /** The Services as they are to be rendered, and what of them is held back. */
  readonly services: () => Sifted;
  readonly hostPolicy: () => HostPolicy | null;
  readonly template: Pick<TemplateWatch, "apply">;
  readonly problems: ProblemLog;
  readonly metrics: GeneratorMetrics;
  readonly log: Logger;
  /**
   * Told of each pass: what came of it, and the hash of the file that holds it, null when it could not be written.
   * Before `onPublished`.
   */
  readonly onPass: (pass: Pass, hash: string | null) => void;
  /** Told of each pass whose configuration is in the file now: its hash, and what it was made of. */
  readonly onFile: (hash: string, ingredients: Ingredients) => void;
  /** Told of each configuration that was written. */
  readonly onPublished: (publication: Publication) => void;
}

/** Renders the whole current state and writes it when its bytes differ. One pass at a time. */
export interface Publisher {
  /** Remembers what changed, for the next pass. */
  note(changed: readonly string[], seenAtMs: number): void;
  /** Makes a pass, or one more after the one that runs; resolves when none is left to make. */
  publish(): Promise<void>;
  /** True once the current state was found in the file, or written to it. */
  readonly isPublished: boolean;
  /** Ends the retries; the pass that runs comes to its end. */
  stop(): Promise<void>;
}

/** What came of a pass. */
export type Pass = Omit<Configuration, "text">;

interface Rendered extends Pass {
  readonly ingredients: Ingredients;
  readonly renderMs: number;
}

const retryBaseMs = 500;
const retryMaxMs = 30_000;
// The log names so many of the Services that changed; how many there were is a key of its own.
const shownChanges = 5;

export const createPublisher = (options: PublisherOptions): Publisher => {
  const { file, metrics, log } = options;
  let changed = new Set<string>();
  let seenAtMs: number | null = null;
  let isPublished = false;
  let isStopped = false;
  let isWanted = false;
  let failures = 0;
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;

  const tellProblems = (configuration: Pass): void => {
    metrics.services.set(configuration.serviceCount);
    metrics.routes.set(configuration.routeCount);
    metrics.showProblems(options.problems.update(configuration.problems));
  };

  const render = (): Rendered => {
    const startedMs = performance.now();
    const { services, holds, problems } = options.services();
    const hostPolicy = options.hostPolicy();
    const settings = options.configuration();
    const make = (template: SiteTemplate) => {
      const made = configure(services, settings, hostPolicy, template, holds);
      const { file, serviceCount, routes, routeCount } = made;
      const all = problems.length === 0 ? made.problems : sortProblems([...made.problems, ...problems]);
      const ingredients = { options: settings, services, hostPolicy, template, holds };
      return { file, serviceCount, routes, routeCount, problems: all, ingredients };
    };
    try {
      const configuration = options.template.apply(make);
      const renderMs = performance.now() - startedMs;
      metrics.renderDuration.observe(renderMs / 1000);
      tellProblems(configuration);
      return { ...configuration, renderMs };
    } catch (error) {
      // Without a template that can be used nothing new is served, but the owners are still told what is wrong.
      if (error instanceof TemplateError) {
        const told = make(builtInTemplate);
        tellProblems(told);
        options.onPass(told, null);
      }
      throw error;
    }
  };

  const retryLater = (error: unknown): void => {
    failures += 1;
    if (isStopped) return;
    const retryInMs = Math.min(retryMaxMs, retryBaseMs * 2 ** (failures - 1));
    log.error({ path: options.path, reason: describeError(error), retryInMs }, "could not write the configuration");
    if (retry !== null) clearTimeout(retry);
    retry = setTimeout(() => void publish(), retryInMs);
  };

  const tell = (configuration: Rendered, keys: readonly string[], eventMs: number | null): void => {
    if (file.hash === null) return;
    const shown = { changed: keys.slice(0, shownChanges), changes: keys.length };
    const { serviceCount: services, routeCount: routes, renderMs } = configuration;
    const sha256 = file.hash.slice(0, 12);
    log.info({ services, routes, ...shown, sha256, renderMs: Math.round(renderMs) }, "configuration written");
    options.onPublished({ hash: file.hash, seenAtMs: eventMs, ...shown });
  };

  const pass = async (): Promise<void> => {
    const keys = [...changed];
    const eventMs = seenAtMs;
    changed = new Set();
    seenAtMs = null;
    let configuration: Rendered;
    try {
      configuration = render();
    } catch (error) {
      // A template that cannot be used, or a fault of hotroute's own: the next change may be without it, and the last
      // configuration stands until then.
      metrics.renders.inc({ result: "failed" });
      if (!(error instanceof TemplateError)) log.error({ err: error }, "could not render the configuration");
      return;
    }
    try {
      const isWritten = await file.write(configuration.file);
      failures = 0;
      isPublished = true;
      metrics.renders.inc({ result: isWritten ? "written" : "unchanged" });
      metrics.configBytes.set(configuration.file.sizeBytes);
      options.onPass(configuration, file.hash);
      if (file.hash !== null) options.onFile(file.hash, configuration.ingredients);
      if (isWritten) tell(configuration, keys, eventMs);
    } catch (error) {
      metrics.renders.inc({ result: "failed" });
      // What was noted goes along with the next try, and its time still counts from the first event.
      for (const key of keys) changed.add(key);
      seenAtMs = eventMs ?? seenAtMs;
      retryLater(error);
      options.onPass(configuration, null);
    }
  };

  const drain = async (): Promise<void> => {
    while (isWanted && !isStopped) {
      isWanted = false;
      await pass();
    }
    running = null;
  };

  const publish = (): Promise<void> => {
    isWanted = true;
    running ??= drain();
    return running;
  };

  return {
    note: (keys, atMs) => {
      for (const key of keys) changed.add(key);
      seenAtMs = seenAtMs === null ? atMs : Math.min(seenAtMs, atMs);
    },
    publish,
    get isPublished() {
      return isPublished;
    },
    stop: async () => {
      isStopped = true;
      if (retry !== null) clearTimeout(retry);
      await running;
    },
  };
};
