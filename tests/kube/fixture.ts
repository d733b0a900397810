import type { TestContext } from "node:test";
import type { ClientLimits, KubeClient } from "../../src/kube/client.ts";
import { createDirectAccess } from "../../src/kube/direct-access.ts";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { jsonObject, jsonText } from "../../src/kube/json.ts";
import type {
  Reflector,
  ReflectorAttempt,
  ReflectorChange,
  ReflectorLimits,
  ReflectorOptions,
  ReflectorState,
  WatchEventType,
} from "../../src/kube/reflection.ts";
import { createReflector } from "../../src/kube/reflector.ts";
import { SERVICES } from "../../src/kube/resource.ts";
import { startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { kubeApiServerAvailable, startKubeApiServer } from "../support/kube-apiserver.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { createAuthority } from "./certificates.ts";

/** The embedded API server as a cluster has it: with TLS and a token. */
const startEmbedded = async (): Promise<TestApiServer> => {
  const authority = await createAuthority("embedded CA");
  const { key, cert } = await authority.issue("kubernetes", "IP:127.0.0.1");
  await authority.remove();
  return await startEmbeddedApiServer({ token: "hotroute-embedded-token", tls: { key, cert, ca: authority.ca } });
};

/** The servers that every reflector test runs against. */
export const API_SERVERS: readonly {
  readonly name: string;
  /** Why it cannot be started here; false: it can. */
  readonly skip: string | false;
  readonly start: () => Promise<TestApiServer>;
}[] = [
  {
    name: "kube-apiserver",
    skip: kubeApiServerAvailable() === true ? false : String(kubeApiServerAvailable()),
    start: () => startKubeApiServer("roles"),
  },
  {
    name: "the embedded API server",
    skip: false,
    start: startEmbedded,
  },
];

/** What these tests keep of a Service. */
export interface SlimService {
  readonly key: string;
  readonly host: string;
}

export const slimService = (object: unknown): SlimService | null => {
  const metadata = jsonObject(jsonObject(object)?.metadata);
  const host = jsonText(jsonObject(metadata?.annotations)?.host);
  return { key: `${jsonText(metadata?.namespace)}/${jsonText(metadata?.name)}`, host };
};

const must = async (server: TestApiServer, method: string, path: string, body?: unknown, contentType?: string) => {
  const answer = await server.request(method, path, {
    ...(body === undefined ? {} : { body }),
    ...(contentType === undefined ? {} : { contentType }),
  });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  return answer;
};

/** Objects of one test live in a namespace of their own, and are selected by the label `test=NAMESPACE`. */
export interface TestNamespace {
  readonly name: string;
  readonly selector: string;
  create(service: string, host?: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** JSON merge patch. */
  patch(service: string, patch: unknown): Promise<void>;
  remove(service: string): Promise<void>;
}

let namespaces = 0;

export const createNamespace = async (server: TestApiServer): Promise<TestNamespace> => {
  namespaces += 1;
  const name = `kube-test-${namespaces}`;
  await must(server, "POST", "/api/v1/namespaces", { metadata: { name } });
  const path = `/api/v1/namespaces/${name}/services`;
  return {
    name,
    selector: `test=${name}`,
    create: async (service, host = "", labels = { test: name }) => {
      const metadata = { name: service, labels, annotations: { host } };
      await must(server, "POST", path, { metadata, spec: { ports: [{ port: 80 }] } });
    },
    patch: async (service, patch) => {
      await must(server, "PATCH", `${path}/${service}`, patch, "application/merge-patch+json");
    },
    remove: async (service) => {
      await must(server, "DELETE", `${path}/${service}`);
    },
  };
};

/** A client for a URL (a server's own, or that of a proxy before it) with a server's credentials. */
export const clientFor = (server: TestApiServer, url: string, limits: Partial<ClientLimits> = {}): KubeClient => {
  const access = createDirectAccess({
    source: "test",
    server: url,
    namespace: null,
    ca: server.caPem === null ? null : { kind: "data", data: Buffer.from(server.caPem) },
    cert: null,
    key: null,
    serverName: null,
    verify: "certificate",
    token: server.token === null ? null : { kind: "data", data: Buffer.from(server.token) },
    basic: null,
    headers: {},
  });
  return createKubeClient(access, { limits });
};

/** Backoff fast enough for tests. */
export const QUICK: Partial<ReflectorLimits> = { backoffBaseMs: 10, backoffMaxMs: 50, networkBackoffMaxMs: 50 };

/** A running reflector and all that it reported. */
export interface Observed {
  readonly reflector: Reflector<SlimService>;
  readonly states: readonly ReflectorState[];
  readonly changes: readonly ReflectorChange<SlimService>[];
  readonly attempts: readonly ReflectorAttempt[];
  readonly events: readonly WatchEventType[];
  /** Sizes of the store at each change, to see that it was never empty in between. */
  readonly sizes: readonly number[];
  keys(): readonly string[];
  host(key: string): string | undefined;
  lists(): number;
  /** Resolves when the watch is open. */
  watching(): Promise<void>;
}

/** Starts a reflector, and stops it and its client after the test. */
export const observe = (
  t: TestContext,
  options: Pick<ReflectorOptions<SlimService>, "client"> & Partial<ReflectorOptions<SlimService>>,
): Observed => {
  const states: ReflectorState[] = [];
  const changes: ReflectorChange<SlimService>[] = [];
  const attempts: ReflectorAttempt[] = [];
  const events: WatchEventType[] = [];
  const sizes: number[] = [];
  const reflector = createReflector<SlimService>({
    resource: SERVICES,
    namespace: null,
    slim: slimService,
    limits: QUICK,
    ...options,
    onState: (state) => states.push(state),
    onAttempt: (attempt) => attempts.push(attempt),
    onEvent: (type) => events.push(type),
    onChange: (change) => {
      changes.push(change);
      sizes.push(reflector.size);
    },
  });
  const running = reflector.run();
  t.after(async () => {
    await reflector.stop();
    options.client.close();
    await running;
  });
  return {
    reflector,
    states,
    changes,
    attempts,
    events,
    sizes,
    keys: () => [...reflector.snapshot()].map(({ key }) => key).sort(),
    host: (key) => reflector.get(key)?.host,
    lists: () => attempts.filter(({ verb, result }) => verb === "list" && result === "ok").length,
    watching: async () => {
      await waitFor("the watch to open", () => reflector.state.kind === "watching");
    },
  };
};
