import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Judgement, judge } from "../../src/cli/judge.ts";
import { parseLabelSelector } from "../../src/cli/label-selector.ts";
import { loadServices } from "../../src/cli/load.ts";
import { readUrl } from "../../src/cli/url.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { builtInTemplate } from "../../src/nginx/partials.ts";
import { explainRequest } from "../../src/routes/explain.ts";
import type { Route } from "../../src/routes/route.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";
import { createRandom } from "../apiserver/random.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get, type HttpAnswer, type NginxServer, startNginx } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { makeFolder, runCommand, serviceYaml } from "./fixture.ts";

const host = "shop.example.com";
/** Every way in which a request finds its answer. */
const annotations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  root: { host },
  cart: { host, path: "/cart" },
  "cart-exact": { host, path: "/cart/,/cart/pay", "path-type": "Exact" },
  deep: { host, path: "/cart/items/old/" },
  "slash-only": { host: "only.example.com", path: "/folder/", "path-type": "Exact" },
  only: { host: "only.example.com", path: "/only" },
  wild: { host: "*.example.com" },
  "wild-path": { host: "*.example.com", path: "/wild" },
  anyone: { path: "/anywhere" },
  stripped: { host, path: "/strip", "strip-prefix": "true" },
  moved: { host: "old.example.com", "permanent-redirect": "https://shop.example.com/new" },
  found: { host, path: "/found", "temporal-redirect": "https://shop.example.com/found-here" },
  down: { host: "down.example.com", path: "/,/a", maintenance: "true" },
  refused: { host, path: "/guarded", "limit-rps": "plenty" },
  loser: { host, path: "/cart,/lost" },
  favourite: { host, path: "/lost", priority: "5" },
  several: {
    host: "several.example.com",
    routes: '[{path: "/a"}, {path: "/b", path-type: Exact}, {path: /c, port: nope}]',
  },
};
const names = [...Object.keys(annotations), "fallback"];
const addressOf = (name: string): string => `127.83.0.${names.indexOf(name) + 1}`;

const hosts = [
  "shop.example.com",
  "SHOP.Example.com",
  "shop.example.com.",
  "shop.example.com:8080",
  "only.example.com",
  "a.example.com",
  "x_y.example.com",
  "a.b.example.com",
  "example.com",
  "old.example.com",
  "down.example.com",
  "several.example.com",
  "nobody.test",
  "127.0.0.1",
  "[::1]:80",
  "hotroute.invalid",
  "shop!.example.com",
  "a..example.com",
];
const paths = [
  "",
  "/",
  "/cart",
  "/cart/",
  "/cart/pay",
  "/cart/pay/",
  "/cart/items",
  "/cart/items/old",
  "/cart/items/older",
  "/carts",
  "/Cart",
  "/folder",
  "/folder/",
  "/folder/x",
  "/only",
  "/only/x?y=/cart",
  "/wild/x",
  "/anywhere",
  "/strip",
  "/strip/x",
  "/found",
  "/found/x",
  "/guarded",
  "/guarded/x",
  "/lost",
  "/a",
  "/a/b",
  "/b",
  "/b/",
  "/c",
];
const pieces: readonly [string, ...string[]] = [
  "cart",
  "pay",
  "items",
  "old",
  "strip",
  "%63art",
  "%2e%2e",
  ".",
  "..",
  "",
  "%2F",
  "a",
  "%3f",
  "%25",
  "%zz",
  "%00",
  "é",
];

const randomPaths = (count: number): readonly string[] => {
  const random = createRandom(20_260_101);
  const path = (): string => `/${Array.from({ length: 1 + random.below(5) }, () => random.pick(pieces)).join("/")}`;
  return Array.from({ length: count }, path);
};

/** What an answer is told by: who answered, or nginx's own status. */
const ofNginx = ({ status, body, headers }: HttpAnswer): string => {
  if (status === 200) return body;
  return headers.location === undefined ? String(status) : `${status} ${headers.location}`;
};

const ofRoute = ({ service, upstream, behaviour }: Route): string => {
  if (upstream === null) return "503";
  const { answer } = behaviour;
  if (answer === null) return service.name;
  switch (answer.kind) {
    case "redirect":
      return `${answer.status} ${answer.url}`;
    case "maintenance":
      return "503";
  }
};

const explained = ({ routes }: Judgement, url: string): string => {
  const read = readUrl(url);
  if (read.kind === "bad-request") return "400";
  assert.equal(read.kind, "request", url);
  if (read.kind !== "request") return "";
  const { winner } = explainRequest(routes, read.request);
  return winner === null ? "404" : ofRoute(winner);
};

for (const nginx of nginxBinaries) {
  for (const hasFallback of [false, true]) {
    describe(`explain and nginx ${nginx.version}, ${hasFallback ? "with" : "without"} a default backend`, () => {
      let backends: readonly Backend[] = [];
      let server: NginxServer | null = null;
      let judgement: Judgement;
      let port = 0;

      before(async () => {
        const backendPort = await freePort();
        backends = await Promise.all(names.map((name) => startBackend(name, addressOf(name), backendPort)));
        const all = hasFallback ? { ...annotations, fallback: { "default-backend": "true" } } : annotations;
        const files = Object.entries(all).map(([name, own]) => {
          const spec = `{ clusterIP: ${addressOf(name)}, ports: [{ port: ${backendPort} }] }`;
          return [`${name}.yaml`, serviceYaml(name, own, "").replace(/spec:\s*$/, `spec: ${spec}\n`)] as const;
        });
        const folder = makeFolder(Object.fromEntries(files));
        port = await freePort();
        const routing = readSettings({ HTTP_LISTEN: `127.0.0.1:${port}` }, readRoutingSettings);
        const isSelected = parseLabelSelector(routing.serviceSelector);
        assert.ok(isSelected !== null && parseListenList(`127.0.0.1:${port}`) !== null);
        const options = { keyPrefix: "hotroute.io/", isSelected, namespaces: null, defaultNamespace: "default" };
        judgement = judge(loadServices([folder], { ...options, clusterIP: null }), routing, builtInTemplate);
        server = await startNginx(nginx, judgement.configuration.text, port);
      });
      after(async () => {
        await server?.stop();
        await Promise.all(backends.map((backend) => backend.stop()));
      });

      it("give the same answer to every host and path", async () => {
        const seen = new Set<string>();
        for (const name of hosts) {
          for (const path of paths) {
            const answer = ofNginx(await get({ port, host: name, path: path === "" ? "/" : path }));
            seen.add(answer);
            assert.equal(explained(judgement, `http://${name}${path}`), answer, `http://${name}${path}`);
          }
        }
        // Each of them is reached, or the comparison says less than it seems to.
        const reached = Object.keys(annotations).filter(
          (name) => !["moved", "found", "down", "refused", "loser"].includes(name),
        );
        const own = ["400", "503", "301 https://shop.example.com/new", "302 https://shop.example.com/found-here"];
        assert.deepEqual(
          [...reached, ...own, hasFallback ? "fallback" : "404"].filter((answer) => !seen.has(answer)),
          [],
        );
      });

      it("give the same answer to paths that nginx normalises", async () => {
        for (const path of randomPaths(400)) {
          const answer = ofNginx(await get({ port, host, path: path.replaceAll("é", "%C3%A9") }));
          assert.equal(explained(judgement, `${host}${path}`), answer, path);
        }
      });
    });
  }
}

describe("hotroute explain", () => {
  const shop = serviceYaml("shop", { host, path: "/cart", "proxy-body-size": "8m", "proxy-body-sise": "9m" });
  const rival = serviceYaml("a-rival", { host, path: "/cart", priority: "-1" });
  const folder = makeFolder({ "shop.yaml": shop, "rival.yaml": rival, "root.yaml": serviceYaml("root", { host }) });
  const explain = (url: string) => runCommand(["explain", url, "--cluster-ip", "10.0.0.1", "."], { cwd: folder });

  it("tells the route, the upstream, each setting with its line, the defaults, who lost and what is wrong", async () => {
    const { code, stdout, stderr } = await explain("https://shop.example.com/cart/1?x");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const lines = stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));
    const wanted = [
      "shop.example.com/cart/1",
      "Service default/shop answers",
      "route | shop.example.com /cart (Prefix) | shop.yaml:9",
      "upstream | shop.default.80 at 10.0.0.1:80, HTTP",
      "settings | hotroute.io/host: shop.example.com | shop.yaml:8",
      "hotroute.io/path: /cart | shop.yaml:9",
      "hotroute.io/proxy-body-size: 8m | shop.yaml:10",
      "lost | default/a-rival: shop.example.com /cart (Prefix) belongs to default/shop, which has the higher priority | rival.yaml:9",
      "behind it | shop.example.com / (Prefix): default/root | root.yaml:8",
      'problems | Service default/shop hotroute.io/proxy-body-sise="9m": no such key, ignored; did you mean hotroute.io/proxy-body-size? | shop.yaml:11',
    ];
    assert.deepEqual(
      wanted.filter((line) => !lines.includes(line)),
      [],
      stdout,
    );
    assert.match(stdout, /defaults {3}path-type Prefix · port the only TCP port, else http · priority 0/);
    assert.match(stdout, /proxy-read-timeout 60s/);
    assert.doesNotMatch(stdout, /proxy-body-size 1m/);
  });

  it("says why nobody answers, and exits 1", async () => {
    const unknown = await explain("http://nobody.test/");
    assert.deepEqual(
      [unknown.code, unknown.stdout],
      [1, "nobody.test/\n  nginx answers 404: no route names this host, and there is no default backend\n"],
    );
    const only = await runCommand(["explain", "shop.example.com/x", "shop.yaml"], { cwd: folder });
    assert.equal(only.code, 1);
    assert.match(only.stdout, /404: no route of shop\.example\.com takes this path/);
    assert.match(only.stdout, /routes {4}shop\.example\.com \/cart \(Prefix\): default\/shop {2}shop\.yaml:9/);
  });

  it("tells a setting of an entry of routes, at the line of the annotation", async () => {
    const text = serviceYaml("several", { host, routes: "[{path: /a}, {path: /b, strip-prefix: true}]" });
    const { stdout } = await runCommand(["explain", "shop.example.com/b"], { stdin: text });
    assert.match(stdout, /hotroute\.io\/routes\[1\]\.strip-prefix: true +<stdin>:9/);
    assert.match(stdout, /hotroute\.io\/routes\[1\]\.path: \/b/);
    assert.doesNotMatch(stdout, /routes\[0\]|strip-prefix false/);
  });

  it("says what becomes of a refused route, a redirect, maintenance, and a request that is none", async () => {
    const text = [
      serviceYaml("refused", { host: "r.test", "limit-rps": "plenty" }),
      serviceYaml("moved", { host: "m.test", "permanent-redirect": "https://shop.example.com/" }),
      serviceYaml("down", { host: "d.test", maintenance: "true" }),
    ].join("---\n");
    const say = async (url: string) =>
      (await runCommand(["explain", url], { stdin: text })).stdout.split("\n")[1]?.trim();
    assert.equal(
      await say("r.test"),
      "nginx answers 503: Service default/refused holds this route, but is refused; see its problems",
    );
    assert.equal(
      await say("m.test"),
      "nginx answers 301, to https://shop.example.com/: Service default/moved redirects",
    );
    assert.equal(await say("d.test"), "nginx answers 503: Service default/down is in maintenance");
    assert.equal(await say("d.test/../x"), "400: nginx takes this for no request: a bad escape, or .. above the root");
  });

  it("refuses what is no URL, and files that cannot be read", async () => {
    for (const url of ["ftp://shop.example.com", "http://", "/cart", "http://a b/", "http://user@shop.example.com/"]) {
      const { code, stderr } = await explain(url);
      assert.equal(code, 2, url);
      assert.match(stderr, /^hotroute: "[^\n]*": expected an http or https URL[^\n]*\n$/, url);
    }
    const absent = await runCommand(["explain", "shop.example.com", join(folder, "absent.yaml")]);
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /absent\.yaml:1:1: no such file or folder\n$/);
  });
});
