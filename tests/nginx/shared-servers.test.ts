import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server as HttpServer, request } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { builtInTemplate } from "../../src/nginx/partials.ts";
import { createSharing, type Layout, type SharingOptions } from "../../src/nginx/shared-servers.ts";
import type { SiteTemplate } from "../../src/nginx/site-view.ts";
import { traceLines } from "../../src/nginx/trace.ts";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { createChunker } from "../../src/routes/chunks.ts";
import { parseService } from "../../src/routes/parse.ts";
import { resolveRoutes } from "../../src/routes/resolve.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import type { Site, VirtualServer } from "../../src/routes/site.ts";
import { createRandom } from "../apiserver/random.ts";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { get, type NginxServer, startNginx, testConfiguration } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { waitFor } from "../support/wait.ts";
import { defaultOptions, type ServedSite, serve, service, startBackend, stopBackends, subnet } from "./fixture.ts";

const recent = nginxBinaries.filter((nginx) => isNginxAtLeast(nginx, "1.29.6"));
const skip = recent.length > 0 ? false : "no nginx of 1.29.6 or later: set NGINX_BIN";

const siteOf = (services: readonly ServiceRecord[]): Site =>
  resolveRoutes(services.flatMap((each) => parseService(each, defaultOptions).routes)).site;

const plain = (index: number, annotations: Record<string, string> = {}): ServiceRecord =>
  service(`app-${index}`, `10.1.${index >> 8}.${index & 255}`, 80, { host: `app-${index}.com`, ...annotations });
const many = (count: number, annotations: Record<string, string> = {}, from = 0): readonly ServiceRecord[] =>
  Array.from({ length: count }, (_, index) => plain(from + index, annotations));

/** Lays out one site after the other. */
const startSharing = (options?: SharingOptions): ((site: Site) => Layout) => {
  const [share, chunk] = [createSharing(options), createChunker<VirtualServer>()];
  return (site) => share(site, chunk(site.servers));
};

/** Every host with the address that its requests go to; null where it has a block of its own. */
const addressesOf = ({ servers, sharedServers }: Layout): ReadonlyMap<string, string | null> =>
  new Map([
    ...servers.flatMap(({ hosts }) => hosts.map((host) => [host, null] as const)),
    ...sharedServers.flatMap(({ members }) =>
      members.flatMap(({ server, address }) => server.hosts.map((host) => [host, address] as const)),
    ),
  ]);

describe("sharing servers", () => {
  it("begins at 256 that can share", () => {
    const share = startSharing();
    const few = siteOf(many(255));
    assert.deepEqual(share(few), { upstreams: few.upstreams, servers: few.servers, sharedServers: [] });
    const layout = share(siteOf(many(256)));
    assert.deepEqual([layout.upstreams, layout.servers], [[], []]);
    const addresses = addressesOf(layout);
    assert.equal(addresses.size, 256);
    for (let index = 0; index < 256; index += 1) {
      assert.equal(addresses.get(`app-${index}.com`), `10.1.0.${index}:80`);
    }
    assert.equal(share(siteOf(many(255))).sharedServers.length, 0);
  });

  it("puts some 8 to 16 into a block, and never two into one place", () => {
    for (const count of [256, 511, 512, 5000]) {
      const { sharedServers } = startSharing()(siteOf(many(count)));
      assert.equal(new Set(sharedServers.map(({ name }) => name)).size, sharedServers.length);
      const sizes = sharedServers.map(({ members }) => members.length);
      const mean = count / sizes.length;
      assert.ok(mean >= 8 && mean < 16.5, `${count}: ${mean}`);
      assert.ok(Math.max(...sizes) <= 40, `${count}: ${Math.max(...sizes)}`);
    }
  });

  it("leaves alone what is more than a Service's address", () => {
    const own: readonly (readonly [what: string, annotations: Record<string, string>])[] = [
      ["a wildcard", { host: "*.wild.com" }],
      ["a limit", { "limit-rps": "5" }],
      ["a limit of connections", { "limit-connections": "5" }],
      ["an answer of nginx's own", { "permanent-redirect": "https://new.com" }],
      ["maintenance", { maintenance: "true" }],
      ["a prefix that is cut off", { path: "/x", "strip-prefix": "true" }],
      ["HTTPS", { "backend-protocol": "HTTPS" }],
      ["gRPC", { "backend-protocol": "GRPC" }],
    ];
    for (const [what, annotations] of own) {
      // Twenty, so that they are not alone for being few.
      const others = Array.from({ length: 20 }, (_, index) =>
        plain(1000 + index, "host" in annotations ? { host: `*.wild${index}.com` } : annotations),
      );
      const { servers, sharedServers } = startSharing()(siteOf([...many(256), ...others]));
      assert.equal(servers.length, 20, what);
      assert.equal(addressesOf({ servers: [], upstreams: [], sharedServers }).size, 256, what);
    }
    const twoServices = [plain(1000, { host: "two.com" }), plain(1001, { host: "two.com", path: "/x" })];
    const longAddress = service("long", "2001:db8:1111:2222:3333:4444:5555:6666", 80, {
      host: "neither-is-short-enough-for-a-route.com",
    });
    // `map` takes them for its own.
    const words = ["default", "hostnames", "include", "volatile"];
    const named = plain(1002, { host: words.join(",") });
    const { servers, upstreams } = startSharing()(siteOf([...many(256), ...twoServices, longAddress, named]));
    assert.deepEqual(
      servers.flatMap(({ hosts }) => hosts),
      [...words, "neither-is-short-enough-for-a-route.com", "two.com"],
    );
    assert.deepEqual(
      upstreams.map(({ name }) => name),
      ["app-1000.default.80", "app-1001.default.80", "app-1002.default.80", "long.default.80"],
    );
  });

  it("routes by the host where it is short and a Service has few, by the address where not", () => {
    const long = (index: number): string => `a-host-that-is-too-long-for-a-route-${index}.com`;
    const services = [
      ...many(256),
      ...Array.from({ length: 10 }, (_, index) => plain(1000 + index, { host: long(index) })),
      ...Array.from({ length: 10 }, (_, index) => plain(1010 + index, { host: `a${index}.com,b${index}.com` })),
      ...Array.from({ length: 10 }, (_, index) =>
        plain(1020 + index, { host: `c${index}.com,d${index}.com,e${index}.com` }),
      ),
      service("far", "2001:db8:1111:2222:3333:4444:5555:6666", 80, { host: "far.com" }),
    ];
    const { text } = configure(services, { ...defaultOptions, isRecentNginx: true });
    const routes = new Map(
      [...text.matchAll(/^ {4}server (\S+) route=(\S+) max_fails=0 drain; # \S+$/gm)].map(([, address, route]) => [
        route,
        address,
      ]),
    );
    assert.equal(routes.get("app-3.com"), "10.1.0.3:80");
    assert.equal(routes.get("far.com"), "[2001:db8:1111:2222:3333:4444:5555:6666]:80");
    for (let index = 0; index < 10; index += 1) {
      const [longs, both, three] = [1000, 1010, 1020].map((from) => plain(from + index).clusterIP);
      assert.equal(routes.get(`${longs}:80`), `${longs}:80`);
      assert.deepEqual([routes.get(`a${index}.com`), routes.get(`b${index}.com`)], [`${both}:80`, `${both}:80`]);
      assert.equal(routes.get(`${three}:80`), `${three}:80`);
    }
    assert.equal(routes.size, 256 + 10 + 20 + 10 + 1);
    // Which of them nginx is to look for, each group says itself.
    for (const [, by, block] of text.matchAll(
      /^upstream \S+ \{\n {4}least_conn;\n {4}sticky route (\S+);\n([^}]*)\}/gm,
    )) {
      const isByAddress = /route=10\./.test(block ?? "");
      assert.equal(by, isByAddress ? "$hotroute_address" : "$host");
      assert.equal(/route=[a-z]/.test(block ?? ""), !isByAddress);
    }
  });

  it("shares among those that are routed alike, eight at least", () => {
    const slow = { "proxy-read-timeout": "90s" };
    const share = startSharing();
    const with7 = share(siteOf([...many(256), ...many(7, slow, 1000)]));
    assert.equal(with7.servers.length, 7);
    const with8 = share(siteOf([...many(256), ...many(8, slow, 1000)]));
    assert.equal(with8.servers.length, 0);
    for (const { members } of with8.sharedServers) {
      const kinds = new Set(
        members.map(({ server }) =>
          JSON.stringify(server.locations.map(({ action }) => action.kind === "proxy" && action.behaviour)),
        ),
      );
      assert.equal(kinds.size, 1);
    }
    assert.equal(share(siteOf([...many(256), ...many(7, slow, 1000)])).servers.length, 7);
  });

  it("is the same for whatever was before", () => {
    const seed = Number(process.env.HOTROUTE_SEED ?? Date.now() % 2 ** 31);
    const random = createRandom(seed);
    const small: SharingOptions = { leastServers: 6, leastOfKind: 3, usualMembers: 2 };
    const share = startSharing(small);
    const current = new Map<number, ServiceRecord>();
    for (let pass = 0; pass < 400; pass += 1) {
      for (let changes = random.pick([1, 1, 2, 12]); changes > 0; changes -= 1) {
        const index = random.below(24);
        if (random.chance(0.4)) current.delete(index);
        else
          current.set(
            index,
            plain(index, {
              host: random.pick([`app-${index}.com`, `app-${index}.com,b-${index}.com`, `app-${random.below(24)}.com`]),
              path: random.pick(["/", "/", "/x"]),
              ...(random.chance(0.3) ? { "proxy-read-timeout": "9s" } : {}),
              ...(random.chance(0.05) ? { "default-backend": "true" } : {}),
            }),
          );
      }
      const site = siteOf([...current.values()]);
      assert.deepEqual(share(site), startSharing(small)(structuredClone(site)), `seed ${seed}, pass ${pass}`);
    }
  });

  it("is traced: a line belongs to the Service whose host or address it names", () => {
    const services = many(300);
    let owned = 0;
    const tracing: SiteTemplate = {
      sharesServers: true,
      answersOthers: true,
      render: (view) => {
        const trace = traceLines(view, builtInTemplate);
        assert.equal(trace.text, builtInTemplate.render(view));
        for (const [index, line] of trace.text.split("\n").entries()) {
          const [, host] = /^ {4}(?:server_name )?app-(\d+)\.com[ ;]/.exec(line) ?? [];
          const [, high, low] = /^ {4}server 10\.1\.(\d+)\.(\d+):80 /.exec(line) ?? [];
          const number = host ?? (high === undefined ? undefined : 256 * Number(high) + Number(low));
          if (number === undefined) {
            if (/sticky|keepalive|proxy_pass|@again/.test(line)) assert.deepEqual(trace.ownersOf(index + 1), [], line);
            continue;
          }
          owned += 1;
          assert.deepEqual(trace.ownersOf(index + 1), [{ namespace: "default", name: `app-${number}` }], line);
        }
        return trace.text;
      },
    };
    configure(services, { ...defaultOptions, isRecentNginx: true }, null, tracing);
    assert.equal(owned, 900);
  });

  it("takes a Service whose hosts are of two kinds, and two Services with one address", { skip }, async () => {
    const twoKinds = (index: number): ServiceRecord =>
      service(`two-${index}`, `10.2.0.${index}`, 80, {
        routes: JSON.stringify([{ host: `a-${index}.com` }, { host: `b-${index}.com`, path: "/x" }]),
      });
    const twin = (index: number): ServiceRecord =>
      service(`twin-${index}`, `10.1.0.${index}`, 80, {
        host: `twin-${index}.com`,
        path: index % 2 === 0 ? "/" : "/x",
      });
    const services = [
      ...many(256),
      ...Array.from({ length: 20 }, (_, index) => twoKinds(index)),
      ...Array.from({ length: 20 }, (_, index) => twin(index)),
    ];
    const { text } = configure(services, { ...defaultOptions, isRecentNginx: true, accessLog: "json" });
    assert.equal(text.match(/^ {4}[a-z0-9-]+\.com twin-3\.default\.80;$/gm)?.length, 1);
    for (const nginx of recent) {
      const { code, stderr } = await testConfiguration(nginx, text);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /warn/);
    }
  });

  it("makes what nginx takes, whatever shares with whatever", { skip }, async (t) => {
    const seed = Number(process.env.HOTROUTE_SEED ?? Date.now() % 2 ** 31);
    t.diagnostic(`HOTROUTE_SEED=${seed}`);
    const random = createRandom(seed);
    const make = (index: number): ServiceRecord =>
      // Fewer addresses than Services, as no cluster has it.
      service(`app-${index}`, random.pick([`10.1.0.${random.below(200)}`, `fd00::${random.below(200) + 1}`]), 80, {
        host: random.pick([
          `a-${index}.com`,
          `a-${index}.com,b-${index}.com`,
          `*.w-${index}.com`,
          `a-${random.below(500)}.com`,
        ]),
        path: random.pick(["/", "/", "/x", "/x,/y"]),
        ...(random.chance(0.2) ? { "proxy-read-timeout": "9s" } : {}),
        ...(random.chance(0.1) ? { "enable-cors": "true", "cors-allow-origin": "https://a.com" } : {}),
        ...(random.chance(0.1) ? { "limit-rps": "5" } : {}),
        ...(random.chance(0.005) ? { "default-backend": "true" } : {}),
      });
    for (let round = 0; round < 10; round += 1) {
      const services = Array.from({ length: 300 + random.below(500) }, (_, index) => make(index));
      const { text } = configure(services, { ...defaultOptions, isRecentNginx: true, accessLog: "json" });
      for (const nginx of recent) {
        const { code, stderr } = await testConfiguration(nginx, text);
        assert.equal(code, 0, `seed ${seed}: ${stderr}`);
        assert.doesNotMatch(stderr, /warn/, `seed ${seed}`);
      }
    }
  });

  it("is not for an nginx that is older, or not known", () => {
    const { text } = configure(many(300), { ...defaultOptions, isRecentNginx: false });
    assert.doesNotMatch(text, /sticky|request_port/);
    assert.equal(text.match(/^upstream /gm)?.length, 300);
  });
});

/** Whether somebody has connected to a port of this machine and sent something that is not read yet. */
const waitingBytes = async (port: number): Promise<boolean> => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  // local address, remote address, state (01: established), and the bytes in the queues: to be sent, and to be read
  const lines = (await readFile("/proc/net/tcp", "latin1")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines.some(([, local, , state, queues]) => {
    const [, toRead = "0"] = (queues ?? "").split(":");
    return local?.endsWith(suffix) === true && state === "01" && Number.parseInt(toRead, 16) > 0;
  });
};

interface Asked {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const ask = ({ port, host, path = "/", method = "GET", headers = {}, body = "" }: Asked): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers: { host, ...headers }, agent: false };
    const sent = request(options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
      answer.on("error", reject);
    });
    sent.setTimeout(20_000, () => sent.destroy(new Error("no answer within 20 s")));
    sent.on("error", reject);
    sent.end(body);
  });

for (const nginx of recent) {
  describe(`hosts that share servers in nginx ${nginx.version}`, { skip }, () => {
    const address = (index: number): string => `${subnet}.${index + 1}`;
    const count = 240;
    let backendPort: number;
    let own: ServedSite;
    let shared: ServedSite;
    const backends: HttpServer[] = [];
    const kinds: readonly Record<string, string>[] = [
      {},
      {},
      {},
      { path: "/app" },
      { "enable-cors": "true", "cors-allow-origin": "https://a.com" },
      { "whitelist-source-range": "127.0.0.0/8", "proxy-read-timeout": "9s" },
      { "denylist-source-range": "127.0.0.1" },
      { "response-headers": '{"X-Own": "yes"}', "upstream-vhost": "inner.example.com" },
    ];
    /** Hosts beside the first: few and short ones are routes themselves. */
    const longName = "neither-short-enough-for-a-route-nor-too-long";
    const more: readonly (readonly string[])[] = [["second"], ["second", "third"], [longName]];
    const services = (): readonly ServiceRecord[] => [
      ...Array.from({ length: count }, (_, index) =>
        service(`app-${index}`, address(index), backendPort, {
          host: [`app-${index}.com`, ...(more[index % 9] ?? []).map((name) => `${name}-${index}.com`)].join(","),
          ...kinds[index % kinds.length],
        }),
      ),
      // More hosts than addresses: the rest of the 256.
      ...Array.from({ length: 40 }, (_, index) =>
        service(`more-${index}`, "127.0.0.2", 20_000 + index, { host: `more-${index}.com` }),
      ),
      service("wild", address(0), backendPort, { host: "*.wild.com" }),
      service("word", address(3), backendPort, { host: "default,hostnames,include,volatile" }),
      service("first", address(1), backendPort, { host: "two.com" }),
      service("second", address(2), backendPort, { host: "two.com", path: "/second" }),
    ];

    before(async () => {
      backendPort = await freePort();
      for (let index = 0; index < count; index += 1) backends.push(await startBackend(address(index), backendPort));
      shared = await serve(nginx, services(), { isRecentNginx: true });
      own = await serve(nginx, services(), { isRecentNginx: false });
    });
    after(async () => {
      await Promise.all([shared?.server.stop(), own?.server.stop()]);
      stopBackends(backends);
    });

    it("every host is answered by its own Service", async () => {
      const { text } = shared.configuration;
      assert.ok((text.match(/^ {4}sticky route \$host;$/gm)?.length ?? 0) > 5);
      assert.ok((text.match(/^ {4}sticky route \$hotroute_address;$/gm)?.length ?? 0) > 0);
      for (let index = 0; index < count; index += 1) {
        const path = kinds[index % kinds.length]?.path ?? "/";
        const { status, headers } = await ask({ port: shared.port, host: `app-${index}.com`, path });
        if (index % kinds.length === 6) assert.equal(status, 403);
        else assert.deepEqual([status, headers["x-backend"]], [200, address(index)]);
      }
    });

    it("answers as with a block for each host, whatever is asked", async (t) => {
      const seed = Number(process.env.HOTROUTE_SEED ?? Date.now() % 2 ** 31);
      t.diagnostic(`HOTROUTE_SEED=${seed}`);
      const random = createRandom(seed);
      const told = ({ headers, body, status }: Answer) => {
        const { date: _, "x-connection-port": __, ...rest } = headers;
        return { status, rest, body: body.replace(/"x-request-id":"[0-9a-f]{32}"/, "") };
      };
      let answered = 0;
      for (let number = 0; number < 500; number += 1) {
        const index = random.below(count);
        const name = random.pick([
          `app-${index}.com`,
          `app-${index}.com`,
          `second-${index}.com`,
          `third-${index}.com`,
          `${longName}-${index}.com`,
          "a.wild.com",
          "two.com",
          "default",
          "volatile",
          "none.com",
        ]);
        const asked = {
          host: random.pick([name, name, name.toUpperCase(), `${name}.`, `${name}:8443`, `${name}:80`]),
          path: random.pick(["/", "/app", "/app/x%2Fy/../z?q=%20", "/second/x", "//a//b", "/%41?a=b&c"]),
          method: random.pick(["GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"]),
          headers: {
            ...(random.chance(0.3) ? { origin: "https://a.com", "access-control-request-method": "GET" } : {}),
            ...(random.chance(0.3)
              ? { "x-forwarded-port": "1", "x-forwarded-for": "10.0.0.1", forwarded: "for=x" }
              : {}),
            ...(random.chance(0.1) ? { connection: "upgrade", upgrade: "h2c" } : {}),
          },
        };
        const [one, other] = await Promise.all([shared, own].map(({ port }) => ask({ port, ...asked })));
        assert.ok(one !== undefined && other !== undefined);
        assert.deepEqual(told(one), told(other), `seed ${seed}: ${JSON.stringify(asked)}`);
        if (one.status === 200) answered += 1;
      }
      assert.ok(answered > 100, `${answered}`);
    });

    it("the access log names the Service's upstream", async () => {
      const folder = await mkdtemp(join(tmpdir(), "hotroute-log-"));
      const port = await freePort();
      const listens = parseListenList(`127.0.0.1:${port}`) ?? [];
      const options = { ...defaultOptions, listens, isRecentNginx: true, accessLog: "json" as const };
      const log = join(folder, "access.log");
      const server = await startNginx(nginx, configure(services(), options).text.replaceAll("/dev/stdout", log), port);
      try {
        for (const host of ["app-0.com", "app-8.com", "two.com", "none.com"]) await ask({ port, host });
        await waitFor("four lines of log", async () => {
          const lines = (await readFile(log, "utf8")).trim().split("\n");
          const named = lines
            .map((line) => JSON.parse(line) as Record<string, string>)
            .filter(({ host }) => host !== "x");
          if (named.length < 4) return false;
          assert.deepEqual(
            named.map(({ host, upstream, upstreamAddress }) => [host, upstream, upstreamAddress]),
            [
              ["app-0.com", `app-0.default.${backendPort}`, `${address(0)}:${backendPort}`],
              ["app-8.com", `app-8.default.${backendPort}`, `${address(8)}:${backendPort}`],
              ["two.com", `first.default.${backendPort}`, `${address(1)}:${backendPort}`],
              ["none.com", "", ""],
            ],
          );
          return true;
        });
      } finally {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      }
    });

    it("keeps connections to Services open, each its own", async () => {
      const ports = new Map<string, Set<unknown>>();
      for (let round = 0; round < 4; round += 1) {
        for (const index of [0, 1, 2, 8, 9, 10, 16, 17]) {
          const { headers } = await ask({ port: shared.port, host: `app-${index}.com` });
          assert.equal(headers["x-backend"], address(index));
          const known = ports.get(address(index)) ?? new Set();
          ports.set(address(index), known.add(headers["x-connection-port"]));
        }
      }
      for (const [name, known] of ports) assert.equal(known.size, 1, name);
    });

    it("a Service that is down costs the others nothing, and they get none of its requests", async () => {
      const down = 64;
      const [server] = backends.splice(down, 1);
      assert.ok(server !== undefined);
      stopBackends([server]);
      const before = new Map<number, number>();
      const counted = new Map<number, number>();
      for (const [at, backend] of backends.entries()) {
        before.set(at, 0);
        backend.on("request", () => counted.set(at, (counted.get(at) ?? 0) + 1));
      }
      for (const method of ["GET", "POST", "PUT", "GET", "GET"]) {
        const { status } = await ask({ port: shared.port, host: `app-${down}.com`, method });
        assert.equal(status, 502);
      }
      assert.deepEqual([...counted], []);
      backends.splice(down, 0, await startBackend(address(down), backendPort));
      // At once: nginx does not take an address for dead.
      const { status, headers } = await ask({ port: shared.port, host: `app-${down}.com` });
      assert.deepEqual([status, headers["x-backend"]], [200, address(down)]);
    });
  });

  describe(`settings around shared servers in nginx ${nginx.version}`, { skip }, () => {
    const outside = "proxy_intercept_errors on;\nrecursive_error_pages on;\nerror_page 404 502 503 = /outside;\n";
    let asked = 0;
    let status = 200;
    let backend: HttpServer;
    let server: NginxServer;
    let port: number;

    before(async () => {
      const backendPort = await freePort();
      port = await freePort();
      backend = createHttpServer((_, response) => {
        asked += 1;
        response.writeHead(status).end("the Service's own");
      });
      await new Promise<void>((resolve) => backend.listen(backendPort, `${subnet}.251`, resolve));
      const services = [...many(256), service("own", `${subnet}.251`, backendPort, { host: "own.com" })];
      const listens = parseListenList(`127.0.0.1:${port}`) ?? [];
      const { text } = configure(services, { ...defaultOptions, listens, isRecentNginx: true });
      assert.match(text, /route=\S+ max_fails=0 drain; # own\.default/);
      server = await startNginx(nginx, `${outside}${text}`, port);
    });
    after(async () => {
      await server?.stop();
      backend?.close();
    });

    it("change nothing: what a Service says is passed on, and it is asked once", async () => {
      for (status of [200, 404, 502, 503]) {
        asked = 0;
        const answer = await get({ port, host: "own.com", path: "/" });
        assert.deepEqual([answer.status, answer.body, asked], [status, "the Service's own", 1]);
      }
    });
  });

  describe(`a connection that is closed as it is used, in nginx ${nginx.version}`, { skip }, () => {
    const sockets = new Set<Socket>();
    const seen: string[] = [];
    /** What a connection does with its requests from the second on. */
    let isStale = true;
    let isHuge = false;
    let backend: Server;
    let site: ServedSite;

    before(async () => {
      const port = await freePort();
      const respond = (socket: Socket, head: string, requests: number): void => {
        seen.push(head.split(" ")[0] ?? "");
        if (isStale && requests > 1) socket.resetAndDestroy();
        else
          socket.write(
            `HTTP/1.1 200 OK\r\n${isHuge ? `X-Huge: ${"x".repeat(40_000)}\r\n` : ""}Content-Length: 2\r\n\r\nok`,
          );
      };
      backend = createServer((socket) => {
        sockets.add(socket);
        let requests = 0;
        let pending = "";
        socket
          .on("error", () => undefined)
          .on("data", (data: Buffer) => {
            pending += data.toString("latin1");
            const end = pending.indexOf("\r\n\r\n");
            const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
            if (end === -1 || pending.length < end + 4 + length) return;
            requests += 1;
            respond(socket, `${pending.slice(0, end)} ${pending.slice(end + 4)}`, requests);
            pending = "";
          });
      });
      await new Promise<void>((resolve) => backend.listen(port, `${subnet}.250`, resolve));
      const services = [...many(256), service("stale", `${subnet}.250`, port, { host: "stale.com" })];
      site = await serve(nginx, services, { isRecentNginx: true });
    });
    after(async () => {
      await site?.server.stop();
      for (const socket of sockets) socket.destroy();
      backend?.close();
    });

    const send = async (method: string): Promise<readonly [number, readonly string[]]> => {
      seen.length = 0;
      const body = method === "PUT" || method === "POST" || method === "PATCH" ? "x".repeat(3000) : "";
      const { status } = await ask({ port: site.port, host: "stale.com", method, body });
      return [status, [...seen]];
    };

    it("is followed by a new one for what may be asked twice, its body included", async () => {
      assert.deepEqual(await send("GET"), [200, ["GET"]]);
      for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
        assert.deepEqual(await send(method), [200, [method, method]], method);
        // One that is kept, for the next to fail on.
        isStale = false;
        assert.deepEqual(await send("GET"), [200, ["GET"]]);
        isStale = true;
      }
    });

    it("is an error for what may not", async () => {
      for (const method of ["POST", "PATCH", "MKCOL"]) {
        isStale = false;
        assert.equal((await send("GET"))[0], 200);
        isStale = true;
        assert.deepEqual(await send(method), [502, [method]], method);
      }
    });

    it("is followed by a new one for whatever it was, where nothing of it was sent", async () => {
      isStale = false;
      assert.equal((await send("GET"))[0], 200);
      const workers = await nginxChildren(site.server.masterPid);
      assert.equal(workers.length, 1);
      // While nginx looks away the connection that it keeps is reset, and a request comes.
      for (const { pid } of workers) process.kill(pid, "SIGSTOP");
      const sending = send("POST");
      await waitFor("the request to wait", () => waitingBytes(site.port));
      for (const socket of sockets) socket.resetAndDestroy();
      for (const { pid } of workers) process.kill(pid, "SIGCONT");
      assert.deepEqual(await sending, [200, ["POST"]]);
    });

    it("an answer that nginx cannot take is not asked for twice", async () => {
      isStale = false;
      isHuge = true;
      assert.deepEqual(await send("GET"), [502, ["GET"]]);
      isHuge = false;
    });
  });
}
