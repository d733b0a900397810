import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { firstHost, serviceName } from "./hosts.ts";

/** A Service that was created: where its backend has to listen. */
export interface CreatedService {
  readonly name: string;
  readonly clusterIP: string;
}

/** An API server with labelled Services of the namespace `default`. */
export interface BenchApi {
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly services: readonly CreatedService[];
  /** Creates Services until there are so many. */
  grow(count: number): Promise<void>;
  /** Gives a Service another host. @returns when the API's answer was there (`performance.now()`) */
  changeHost(name: string, host: string): Promise<number>;
  stop(): Promise<void>;
}

const servicesPath = "/api/v1/namespaces/default/services";
const parallel = 16;

/** A Service as `kubectl apply` leaves it, with the last applied configuration; its host is a label. */
const serviceBody = (index: number, port: number) => {
  const name = serviceName(index);
  const labels = {
    app: name,
    "app.kubernetes.io/part-of": "shop",
    "hotroute.io/expose": "true",
    "hotroute.io/host": firstHost(index),
  };
  const spec = {
    selector: { app: name },
    ports: [{ name: "http", port, targetPort: 8080, protocol: "TCP" }],
  };
  const applied = JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { labels }, spec });
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": `${applied}\n` };
  return { apiVersion: "v1", kind: "Service", metadata: { name, labels, annotations }, spec };
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

const exchange = (agent: Agent, method: string, url: string, contentType: string, body: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const payload = Buffer.from(JSON.stringify(body));
    const headers = { accept: "application/json", "content-type": contentType, "content-length": payload.length };
    const sent = request(url, { method, agent, headers, timeout: 30_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${url}: no answer within 30 s`)));
    sent.on("error", reject);
    sent.end(payload);
  });

const clusterIpOf = (body: string): string => {
  const { spec } = JSON.parse(body) as { readonly spec: { readonly clusterIP: string } };
  return spec.clusterIP;
};

const startProcess = async (): Promise<{
  readonly url: string;
  readonly kubeconfigPath: string;
  stop(): Promise<void>;
}> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "api-process.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const first = await Promise.race([once(createInterface(child.stdout), "line"), ended.then(() => null)]);
  if (first === null) throw new Error("the API server did not come up");
  const place = JSON.parse(String(first[0])) as { readonly url: string; readonly kubeconfigPath: string };
  return {
    ...place,
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
};

/** Starts the embedded API server with so many Services. @param port each Service's port: that of the backend */
export const startApi = async (count: number, port = 8000): Promise<BenchApi> => {
  const server = await startProcess();
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const services: CreatedService[] = [];
  const create = async (index: number): Promise<CreatedService> => {
    const body = serviceBody(index, port);
    const answer = await exchange(agent, "POST", `${server.url}${servicesPath}`, "application/json", body);
    if (answer.status !== 201) throw new Error(`creating a Service: ${answer.status} ${answer.body}`);
    return { name: serviceName(index), clusterIP: clusterIpOf(answer.body) };
  };
  const api: BenchApi = {
    url: server.url,
    kubeconfigPath: server.kubeconfigPath,
    services,
    grow: async (wanted) => {
      let next = services.length;
      const work = async (): Promise<void> => {
        while (next < wanted) {
          const index = next++;
          services[index] = await create(index);
        }
      };
      await Promise.all(Array.from({ length: parallel }, work));
    },
    changeHost: async (name, host) => {
      const body = { metadata: { labels: { "hotroute.io/host": host } } };
      const url = `${server.url}${servicesPath}/${name}`;
      const answer = await exchange(agent, "PATCH", url, "application/merge-patch+json", body);
      const answeredMs = performance.now();
      if (answer.status !== 200) throw new Error(`changing a Service: ${answer.status} ${answer.body}`);
      return answeredMs;
    },
    stop: async () => {
      agent.destroy();
      await server.stop();
    },
  };
  try {
    await api.grow(count);
  } catch (error) {
    await api.stop();
    throw error;
  }
  return api;
};
