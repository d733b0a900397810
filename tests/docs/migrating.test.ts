import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { keys, notAvailable } from "../../src/routes/keys.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import { annotations } from "./ingress-nginx.ts";
import { brokenLinks, codeSpans, readPage, type Table } from "./page.ts";
import { type Manifest, options, readServices } from "./services.ts";

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
const source = join(import.meta.dirname, "../../src");
/** Every name in capitals that the programs read. */
const settings: ReadonlySet<string> = new Set(
  globSync(["*/config.ts", "settings/*.ts"], { cwd: source })
    .map((path) => readFileSync(join(source, path), "utf8"))
    .flatMap((text) => [...text.matchAll(/"([A-Z]+(?:_[A-Z]+)*)"/g)].map(([, name = ""]) => name)),
);

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
    assert.deepEqual([...new Set(prefixed.filter((name) => !isKey(name)))], []);
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

  it("names no setting that no program reads", () => {
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

/** What becomes of a Service with one key more. */
const withKey = (name: string, value: string) => {
  const annotations = { "hotroute.io/host": "shop.example.com", [`hotroute.io/${name}`]: value };
  const manifest: Manifest = {
    kind: "Service",
    metadata: { name: "shop", annotations },
    spec: { ports: [{ port: 80 }] },
  };
  const { problems, text } = configure(readServices([manifest]), options);
  return {
    reasons: problems.map(({ reason }) => reason),
    isRouted: text.includes("proxy_pass http://shop.default.80;"),
  };
};

describe("what docs/migrating.md warns of", () => {
  it("a snippet under the prefix is an unknown key: it is reported, and the route is open", () => {
    assert.deepEqual(withKey("configuration-snippet", "x"), { reasons: ["UnknownKey"], isRouted: true });
  });

  it("a guard of ingress-nginx that is not there yet closes the route", () => {
    const guards = ["auth-url", "auth-type", "auth-tls-secret", "auth-tls-verify-client", "satisfy", "limit-rpm"];
    for (const name of [...guards, "limit-whitelist", "limit-allowlist", "enable-modsecurity"]) {
      assert.deepEqual(withKey(name, "x"), { reasons: ["NotAvailable"], isRouted: false }, name);
    }
  });

  it("basic authentication and canaries answer 503 until they are done", () => {
    for (const name of ["auth-secret", "canary-of", "canary-weight"]) {
      assert.deepEqual(withKey(name, "10"), { reasons: ["NotAvailable"], isRouted: false }, name);
    }
  });

  it("cookie affinity and TLS are left out, and the route is open", () => {
    for (const [name, value] of [
      ["affinity", "cookie"],
      ["tls-secret", "shop-tls"],
      ["ssl-redirect", "true"],
    ] as const) {
      assert.deepEqual(withKey(name, value), { reasons: ["NotAvailable"], isRouted: true }, name);
    }
  });
});
