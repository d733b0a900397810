import type { IncomingMessage } from "node:http";
import type { KubeAccess, KubeCredentials } from "./access.ts";
import { classifyAnswer, deniedAccess } from "./classify.ts";
import type {
  ClientLimits,
  KubeClient,
  KubeQuery,
  KubeRequest,
  KubeResult,
  KubeStreamRequest,
  StreamEnd,
} from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { openExchange, readBody } from "./exchange.ts";
import type { KubeFailure } from "./failure.ts";
import { oneLine } from "./failure-text.ts";
import { createGuard, type Guard } from "./guard.ts";
import { readLines } from "./line-stream.ts";

const DEFAULT_LIMITS: ClientLimits = {
  timeoutMs: 30_000,
  idleMs: 90_000,
  maxBodyBytes: 16 * 1024 * 1024,
  maxLineBytes: 16 * 1024 * 1024,
};

/** An unsuccessful answer needs no more than its Status. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** What can be given beside the access. */
export interface ClientOptions {
  readonly limits?: Partial<ClientLimits>;
  readonly clock?: Clock;
}

interface Context {
  readonly access: KubeAccess;
  readonly limits: ClientLimits;
  readonly clock: Clock;
}

type Opened =
  | { readonly ok: true; readonly response: IncomingMessage }
  | { readonly ok: false; readonly failure: KubeFailure };

const urlOf = (server: string, path: string, query: KubeQuery): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  return `${server}${path}${parameters.size === 0 ? "" : `?${parameters}`}`;
};

const parseJson = (text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } => {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false };
  }
};

const credentialsOf = async (
  access: KubeAccess,
  signal: AbortSignal,
): Promise<KubeCredentials | Extract<KubeFailure, { kind: "credentials" }>> => {
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Error("no credentials in time"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    // An exec plugin may hang: the request's deadline holds for it too.
    return await Promise.race([access.credentials(), aborted]);
  } catch (error) {
    return { kind: "credentials", message: oneLine(error instanceof Error ? error.message : String(error)) };
  }
};

const refusal = async (response: IncomingMessage, request: KubeRequest, watch: boolean): Promise<KubeFailure> => {
  const body = await readBody(response, MAX_REFUSAL_BYTES);
  const parsed = body.ok ? parseJson(body.text) : { ok: false as const };
  const status = response.statusCode ?? 0;
  return classifyAnswer({
    status,
    retryAfter: response.headers["retry-after"],
    body: parsed.ok ? parsed.value : null,
    fallbackMessage: (body.ok ? oneLine(body.text) : "") || `status ${status}`,
    denied: deniedAccess(request.method, request.path, watch),
  });
};

const openOnce = async (context: Context, request: KubeRequest, guard: Guard, watch: boolean): Promise<Opened> => {
  const credentials = await credentialsOf(context.access, guard.signal);
  if ("kind" in credentials) return { ok: false, failure: credentials };
  const opened = await openExchange({
    method: request.method,
    url: urlOf(context.access.server, request.path, request.query ?? {}),
    credentials,
    body: request.body === undefined ? null : Buffer.from(JSON.stringify(request.body)),
    contentType: request.contentType ?? "application/json",
    signal: guard.signal,
  });
  if (!opened.ok) return opened;
  const status = opened.response.statusCode ?? 0;
  if (status >= 200 && status < 300) return opened;
  return { ok: false, failure: await refusal(opened.response, request, watch) };
};

const open = async (context: Context, request: KubeRequest, guard: Guard, watch: boolean): Promise<Opened> => {
  const first = await openOnce(context, request, guard, watch);
  if (first.ok || first.failure.kind !== "unauthorized") return first;
  await context.access.renew();
  return await openOnce(context, request, guard, watch);
};

const requestJson = async (context: Context, request: KubeRequest): Promise<KubeResult> => {
  const { timeoutMs, maxBodyBytes } = context.limits;
  const guard = createGuard(context.clock, request.signal, timeoutMs, "no whole answer");
  try {
    const opened = await open(context, request, guard, false);
    if (!opened.ok) return { ok: false, failure: guard.explain(opened.failure) };
    const body = await readBody(opened.response, maxBodyBytes);
    if (!body.ok) return { ok: false, failure: guard.explain(body.failure) };
    const parsed = parseJson(body.text);
    if (parsed.ok) return { ok: true, status: opened.response.statusCode ?? 0, body: parsed.value };
    return { ok: false, failure: { kind: "malformed", message: `not JSON: ${oneLine(body.text.slice(0, 80))}` } };
  } finally {
    guard.dispose();
  }
};

const stream = async (context: Context, request: KubeStreamRequest): Promise<StreamEnd> => {
  const { timeoutMs, idleMs, maxLineBytes } = context.limits;
  const guard = createGuard(context.clock, request.signal, Math.min(timeoutMs, idleMs), "no answer");
  try {
    const opened = await open(context, { method: "GET", ...request }, guard, true);
    if (!opened.ok) return { ok: false, failure: guard.explain(opened.failure) };
    guard.disarm();
    request.onOpen?.();
    const failure = await readLines(opened.response, {
      clock: context.clock,
      idleMs,
      maxLineBytes,
      onLine: request.onLine,
    });
    return failure === null ? { ok: true } : { ok: false, failure: guard.explain(failure) };
  } finally {
    guard.dispose();
  }
};

/** A client over node:http and node:https for one API server. */
export const createKubeClient = (access: KubeAccess, options: ClientOptions = {}): KubeClient => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const context: Context = { access, limits, clock: options.clock ?? systemClock };
  return {
    request: (request) => requestJson(context, request),
    stream: (request) => stream(context, request),
    close: () => access.close(),
  };
};
