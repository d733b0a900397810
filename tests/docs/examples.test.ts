import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { explainRequest } from "../../src/routes/explain.ts";
import { parseService } from "../../src/routes/parse.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { readPage } from "./page.ts";
import { type Manifest, options, readManifests, readServices } from "./services.ts";

const page = readPage("migrating.md");

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
