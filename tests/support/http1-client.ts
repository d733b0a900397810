import { Agent, request } from "node:http";
import type { Ending, LoadClient } from "./load.ts";
import type { LoadRequest } from "./load-request.ts";

const answerTimeoutMs = 30_000;

const exchange = (port: number, agent: Agent | false, asked: LoadRequest): Promise<Ending> =>
  new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ kind: "failed", reason: `${asked.method}: ${reason}` });
    const headers = asked.body === null ? {} : { "content-length": asked.body.length };
    const sent = request({ host: "127.0.0.1", port, agent, method: asked.method, path: asked.path, headers });
    sent.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", (error) => fail(`${String(error)} in the answer`));
      answer.on("end", () => {
        if (answer.statusCode === 200 && text === asked.wanted) resolve({ kind: "answered" });
        else fail(`status ${answer.statusCode}, ${text.length} characters`);
      });
    });
    sent.setTimeout(answerTimeoutMs, () => sent.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
    // Node sends nothing again by itself, whatever the method: each reset is seen here.
    sent.on("error", (error) => fail(String(error)));
    sent.end(asked.body ?? undefined);
  });

/** A client that keeps its connection for the next request, as long as the server does. */
export const keptAliveClient = (port: number, asked: LoadRequest): LoadClient => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return { send: () => exchange(port, agent, asked), close: () => agent.destroy() };
};

/** A client that makes a connection for each request, and says so. */
export const closingClient = (port: number, asked: LoadRequest): LoadClient => ({
  send: () => exchange(port, false, asked),
  close: () => {},
});
