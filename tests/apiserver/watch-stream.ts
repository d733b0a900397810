import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { type JsonObject, parseJson } from "../../src/apiserver/json.ts";
import type { ApiEndpoint } from "../support/test-apiserver.ts";

/** An open watch and the events that it has brought so far. */
export interface WatchStream {
  readonly events: readonly JsonObject[];
  /** True once the server has ended it. */
  readonly ended: () => boolean;
  readonly stop: () => void;
}

/**
 * Opens a watch and reads it until it is stopped.
 * @returns once the server has answered with its headers
 */
export const openWatch = (endpoint: ApiEndpoint, path: string, accept = "application/json"): Promise<WatchStream> =>
  new Promise((resolve, reject) => {
    const events: JsonObject[] = [];
    let rest = "";
    let ended = false;
    const send = endpoint.url.startsWith("https:") ? httpsRequest : httpRequest;
    const headers = { accept, ...(endpoint.token === null ? {} : { authorization: `Bearer ${endpoint.token}` }) };
    const tls = endpoint.caPem === null ? {} : { ca: endpoint.caPem };
    const sent = send(`${endpoint.url}${path}`, { headers, agent: false, ...tls }, (answer) => {
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines.filter((one) => one !== "")) events.push(Object(parseJson(line)));
      });
      answer.on("close", () => {
        ended = true;
      });
      answer.on("error", () => {});
      resolve({ events, ended: () => ended, stop: () => sent.destroy() });
    });
    sent.on("error", (error) => {
      ended = true;
      reject(error);
    });
    sent.end();
  });
