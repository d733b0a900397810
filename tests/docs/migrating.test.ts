import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { explainRequest } from "../../src/routes/explain.ts";
import { keys, notAvailable } from "../../src/routes/keys.ts";
import { parseService } from "../../src/routes/parse.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { annotations } from "./ingress-nginx.ts";
import { brokenLinks, codeSpans, readPage, type Table } from "./page.ts";
import { type Manifest, options, readManifests, readServices } from "./services.ts";

const page = readPage("migrating.md");
const available: ReadonlySet<string> = new Set(Object.values(keys).map(({ name }) => name));
const isKey = (name: string): boolean => available.has(name) || notAvailable.has(name) || name === "expose";

/** The tables with these columns; a page that has none of them is another page. */
const tablesOf = (...header: readonly string[]): readonly Table[] => {
  const found = page.tables.filter((table) => header.every((title, index) => table.header[index] === title));
  assert.ok(found.length > 0, `docs/migrating.md has no table with the columns ${header.join(", ")}`);
  return found;
};
const rowsOf = (...header: readonly string[]) => tablesOf(...header).flatMap(({ rows }) => rows);

const mapped = rowsOf("ingress-nginx", "here", "what to know");
const values = rowsOf("key", "value", "here");
const settings: ReadonlySet<string> = new Set(codeSpans(readPage("settings.md").text));

describe("docs/migrating.md", () => {
  it("names every annotation of ingress-nginx", () => {
    const named = new Set(mapped.flatMap(([there = ""]) => codeSpans(there)));
    assert.deepEqual(
      annotations.filter((name) => !named.has(name)),
      [],
    );
  });

  it("names every key of src/routes/keys.ts", () => {
    const prefixed = [...page.text.matchAll(/hotroute\.io\/([a-z-]+)/g)].map(([, name]) => name);
    const named = new Set([...codeSpans(page.prose), ...prefixed]);
    assert.deepEqual(
      [...available, ...notAvailable.keys()].filter((name) => !named.has(name)),
      [],
    );
  });

  it("names no key that is not there", () => {
    const elsewhere = new Set([
      ...page.tables.flatMap(({ rows }) => rows).flatMap(([first = ""]) => codeSpans(first)),
      ...values.flatMap(([, value = ""]) => codeSpans(value)),
    ]);
    const hyphened = codeSpans(page.prose).filter((span) => /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/.test(span));
    assert.deepEqual(
      hyphened.filter((name) => !isKey(name) && !elsewhere.has(name)),
      [],
    );
    const prefixed = [...page.text.matchAll(/hotroute\.io\/([a-z-]+)/g)].map(([, name = ""]) => name);
    // The one that the page warns of.
    assert.deepEqual([...new Set(prefixed.filter((name) => !isKey(name)))], ["auth-url"]);
  });

  for (const row of [...mapped, ...rowsOf("nginx-proxy", "here", "what to know")]) {
    const [there = "", here = ""] = row;
    it(`says of ${there.slice(0, 60)} what keys.ts says: ${here}`, () => {
      const names = codeSpans(there);
      const [key] = codeSpans(here);
      if (here === "same" || here === "differs") {
        for (const name of names) assert.ok(available.has(name), `${name} is no key that is available`);
      } else if (here === "—") {
        // The page says that it means something else.
        for (const name of names) assert.ok(!isKey(name) || name === "default-backend", `${name} is a key`);
      } else if (here.startsWith("not yet")) {
        assert.ok(key !== undefined && notAvailable.has(key), `${key} is not among those that are not available`);
      } else {
        assert.match(here, /^use `[a-z-]+`$/);
        assert.ok(key !== undefined && available.has(key), `${key} is no key that is available`);
      }
    });
  }

  it("names no setting that docs/settings.md does not", () => {
    const elsewhere = new Set([
      ...rowsOf("nginx-proxy").flatMap(([there = ""]) => codeSpans(there)),
      ...values.flatMap(([, value = ""]) => codeSpans(value)),
    ]);
    const named = codeSpans(page.prose).filter((span) => /^[A-Z]+(?:_[A-Z]+)+$/.test(span));
    assert.ok(named.includes("TRUSTED_PROXIES"));
    assert.deepEqual(
      named.filter((name) => !settings.has(name) && !elsewhere.has(name)),
      [],
    );
  });

  it("links to what is there", () => {
    assert.deepEqual(brokenLinks(page), []);
  });
});

describe("the values that docs/migrating.md says are taken or refused", () => {
  for (const [key = "", value = "", here = ""] of values) {
    const [name = ""] = codeSpans(key);
    const [raw = ""] = codeSpans(value);
    it(`${name}: ${raw} is ${here}`, () => {
      assert.ok(isKey(name), `${name} is no key`);
      const service: Manifest = {
        kind: "Service",
        metadata: {
          name: "shop",
          annotations: {
            "hotroute.io/host": "shop.example.com",
            // A list of origins says nothing until CORS is on.
            ...(name.startsWith("cors-") ? { "hotroute.io/enable-cors": "true" } : {}),
            ...(name === "cors-allow-methods" ? { "hotroute.io/cors-allow-credentials": "false" } : {}),
            [`hotroute.io/${name}`]: raw,
          },
        },
        spec: { ports: [{ port: 80 }] },
      };
      const problems = configure(readServices([service]), options).problems.map(describeProblem);
      if (here === "taken") assert.deepEqual(problems, []);
      else {
        assert.equal(here, "refused");
        assert.ok(
          problems.some((problem) => problem.includes(` hotroute.io/${name}=`)),
          `no problem names ${name}: ${problems.join("; ")}`,
        );
      }
    });
  }
});

/** A rule of an Ingress: who it says answers a path. */
interface Rule {
  readonly host: string;
  readonly path: string;
  readonly service: string;
  readonly port: { readonly name?: string; readonly number?: number };
}

interface IngressSpec {
  readonly rules: readonly {
    readonly host: string;
    readonly http: {
      readonly paths: readonly {
        readonly path: string;
        readonly backend: { readonly service: { readonly name: string; readonly port: Rule["port"] } };
      }[];
    };
  }[];
}

const rulesOf = (manifests: readonly Manifest[]): readonly Rule[] =>
  manifests
    .filter(({ kind }) => kind === "Ingress")
    .flatMap(({ spec }) => (spec as unknown as IngressSpec).rules) // the page's own examples: a wrong one throws below
    .flatMap(({ host, http }) =>
      http.paths.map(({ path, backend: { service } }) => ({
        host,
        // A regular expression's fixed beginning.
        path: path.replace(/\(.*$/, ""),
        service: service.name,
        port: service.port,
      })),
    );

describe("the examples of docs/migrating.md", () => {
  const examples = page.yaml.map(readManifests);

  for (const [index, manifests] of examples.entries()) {
    const services = readServices(manifests);
    if (services.length === 0) continue;
    it(`example ${index + 1} (${services.map(({ name }) => name).join(", ")}) gives routes without problems`, () => {
      const { problems, routeCount } = configure(services, options);
      assert.deepEqual(problems.map(describeProblem), []);
      assert.ok(routeCount >= services.length);
      for (const { metadata } of manifests.filter(({ kind }) => kind === "Service")) {
        assert.match(JSON.stringify(metadata?.labels), /"hotroute.io\/expose":"true"/);
      }
    });
  }

  it("answer by the same Service and port as the Ingresses before them", () => {
    let compared = 0;
    for (const [index, manifests] of examples.entries()) {
      const services = readServices(examples[index + 1] ?? []);
      const routes = services.flatMap((service) => parseService(service, options).routes);
      for (const { host, path, service, port } of rulesOf(manifests)) {
        const wanted = services.find(({ name }) => name === service);
        assert.ok(wanted !== undefined, `${service} is not in the example after its Ingress`);
        const number = port.number ?? wanted.ports.find(({ name }) => name === port.name)?.port;
        for (const asked of [path, `${path.replace(/\/$/, "")}/below`]) {
          const { winner } = explainRequest(routes, { host, path: asked });
          assert.equal(winner?.service.name, service, `${host}${asked}`);
          assert.deepEqual(winner.upstream?.addresses, [`${wanted.clusterIP}:${number}`], `${host}${asked}`);
          compared += 1;
        }
      }
    }
    assert.ok(compared >= 8, `only ${compared} requests were compared`);
  });
});
