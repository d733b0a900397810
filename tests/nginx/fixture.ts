import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { type Configuration, type ConfigurationOptions, configure } from "../../src/nginx/configuration.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { allUpstreamHeaders } from "../../src/nginx/proxy-headers.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import { isNginxAtLeast, type NginxUnderTest } from "../support/nginx-binaries.ts";
import { type NginxServer, startNginx } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";

// One folder of loopback addresses a process, so that test files that run side by side do not meet.
export const subnet = `127.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 256}`;

/** A Service of `default` with these keys. */
export const service = (
  name: string,
  clusterIP: string,
  port: number,
  annotations: Record<string, string>,
): ServiceRecord => {
  const record = readService(
    {
      metadata: {
        namespace: "default",
        name,
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [`hotroute.io/${key}`, value]),
        ),
      },
      spec: { clusterIP, ports: [{ port }] },
    },
    "hotroute.io/",
  );
  assert.ok(record !== null);
  return record;
};

/** A backend on an address of its own: says who it is and what it was asked, and echoes over an upgraded connection. */
export const startBackend = async (address: string, port: number): Promise<Server> => {
  const server = createServer((incoming, response) => {
    response.setHeader("x-backend", address);
    response.setHeader("x-connection-port", String(incoming.socket.remotePort));
    response.end(JSON.stringify({ url: incoming.url, headers: incoming.headers }));
  });
  server.on("upgrade", (incoming, socket: Socket) => {
    const key = `${incoming.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
  return server;
};

/** The options that a test starts from. */
export const defaultOptions: ConfigurationOptions = {
  keyPrefix: "hotroute.io/",
  class: null,
  selectorKeys: new Set(),
  trustedProxies: [],
  isGrpcAvailable: true,
  isRecentNginx: false,
  accessLog: "off",
  upstreamHeaders: allUpstreamHeaders,
  upstreamCaFile: null,
  listens: parseListenList("8080") ?? [],
};

/** An nginx that serves what is configured for these Services. */
export interface ServedSite {
  readonly port: number;
  readonly configuration: Configuration;
  readonly server: NginxServer;
}

/** Configures nginx for the Services, on a free port. */
export const serve = async (
  nginx: NginxUnderTest,
  services: readonly ServiceRecord[],
  options: Partial<ConfigurationOptions> = {},
): Promise<ServedSite> => {
  const port = await freePort();
  const listens = parseListenList(`127.0.0.1:${port}`) ?? [];
  const configuration = configure(services, {
    ...defaultOptions,
    listens,
    isRecentNginx: isNginxAtLeast(nginx, "1.29.6"),
    ...options,
  });
  assert.deepEqual(configuration.problems, []);
  return { port, configuration, server: await startNginx(nginx, configuration.text, port) };
};

/** Ends backends, whatever connections they still have. */
export const stopBackends = (backends: readonly Server[]): void => {
  for (const backend of backends) {
    backend.close();
    backend.closeAllConnections();
  }
};
