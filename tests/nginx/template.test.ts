import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkFooter } from "../../src/contract/footer.ts";
import { configure } from "../../src/nginx/configuration.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { builtInTemplate } from "../../src/nginx/partials.ts";
import type { SiteTemplate, SiteView } from "../../src/nginx/site-view.ts";
import { loadTemplateCompiler } from "../../src/nginx/template.ts";
import { TemplateError } from "../../src/nginx/template-error.ts";
import { goldenCases, oldestNginx, readGolden, runGolden } from "../golden/case.ts";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { get, type NginxServer, startNginx, testConfiguration } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { waitFor } from "../support/wait.ts";
import { defaultOptions, service, startBackend, stopBackends, subnet } from "./fixture.ts";

const examples = join(import.meta.dirname, "../../examples/templates");
const compile = await loadTemplateCompiler();
const compileText = (text: string): SiteTemplate => compile({ path: "site.hbs", text });
const allPartials = "{{> head}}\n{{> upstreams}}\n{{> sharedServers}}\n{{> defaultServer}}\n{{> servers}}\n";

/** The view that a template is given of these Services. */
const viewOf = (services: Parameters<typeof configure>[0]): SiteView => {
  const views: SiteView[] = [];
  const spy: SiteTemplate = {
    sharesServers: true,
    answersOthers: true,
    render: (view) => {
      views.push(view);
      return builtInTemplate.render(view);
    },
  };
  configure(services, { ...defaultOptions, isRecentNginx: true }, null, spy);
  return views[0] ?? assert.fail("nothing was rendered");
};

const twoServices = [
  service("shop", "10.0.0.1", 80, { host: "shop.example.com,*.shop.example.com", path: "/cart" }),
  service("old", "10.0.0.2", 8080, { host: "old.example.com", "permanent-redirect": "https://new.example.com/" }),
];
const view = viewOf(twoServices);
/** So many that they share servers. */
const hundreds = Array.from({ length: 300 }, (_, index) =>
  service(`app-${index}`, `10.1.${index >> 8}.${index & 255}`, 80, { host: `app-${index}.example.com` }),
);
const render = (text: string): string => compileText(text).render(view);

const failure = (text: string): string => {
  try {
    render(text);
  } catch (error) {
    assert.ok(error instanceof TemplateError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return assert.fail(`no error in ${text}`);
};

describe("a template of one's own", () => {
  it("that names all partials gives the bytes of the built-in one, for every golden case", () => {
    const template = compileText(allPartials);
    const cases = goldenCases();
    assert.ok(cases.length > 30);
    for (const name of cases) {
      let text = "";
      const both: SiteTemplate = {
        sharesServers: true,
        answersOthers: true,
        render: (site) => {
          text = template.render(site);
          return builtInTemplate.render(site);
        },
      };
      const built = runGolden(name, undefined, both).text;
      assert.equal(built, readGolden(name, "default.conf"));
      assert.equal(built.slice(0, built.lastIndexOf("# sha256:")), text, name);
    }
  });

  it("does so for hundreds of Services, whose hosts share servers where the template says so", () => {
    const options = { ...defaultOptions, isRecentNginx: true, accessLog: "json" as const };
    const make = (template: SiteTemplate): string => configure(hundreds, options, null, template).text;
    const built = make(builtInTemplate);
    assert.match(built, /\n {4}sticky route /);
    assert.equal(make(compileText(allPartials)), built);
    const apart = make(compileText(allPartials.replace("{{> sharedServers}}\n", "")));
    assert.doesNotMatch(apart, /sticky/);
    assert.equal(apart.match(/^upstream /gm)?.length, 300);
    // Named, but not always used.
    const rarely = allPartials.replace("{{> sharedServers}}", "{{#if trustedProxies}}{{> sharedServers}}{{/if}}");
    assert.equal(make(compileText(rarely)).match(/^ {4}server_name app-/gm)?.length, 300);
  });

  it("is given the model as it is documented", () => {
    assert.equal(
      render("{{#each servers}}{{join hosts ','}} {{join serverNames ' '}}\n{{/each}}"),
      "*.shop.example.com,shop.example.com ~^[a-z0-9_-]+\\.shop\\.example\\.com$ shop.example.com\n" +
        "old.example.com old.example.com\n",
    );
    assert.equal(
      render(
        "{{#each servers}}{{#each locations}}{{match}} {{path}} {{action}} {{#if upstream}}{{upstream.name}} {{upstream.service.namespace}}/{{upstream.service.name}} {{upstream.protocol}} {{join upstream.addresses ','}}{{else}}-{{/if}}\n{{/each}}{{/each}}",
      ),
      "prefix / not-found -\n" +
        "exact /cart proxy shop.default.80 default/shop HTTP 10.0.0.1:80\n" +
        "prefix /cart/ proxy shop.default.80 default/shop HTTP 10.0.0.1:80\n" +
        "prefix / redirect old.default.8080 default/old HTTP 10.0.0.2:8080\n",
    );
    assert.equal(
      render("{{#each servers}}{{#each locations}}{{join directives ' '}}\n{{/each}}{{/each}}").split("\n")[3],
      'return 301 "https://new.example.com/";',
    );
  });

  it("is given each field that docs/template.md has, and no other", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/template.md"), "utf8");
    const model = page.slice(page.indexOf("## The model"), page.indexOf("## Helpers"));
    const documented = [...model.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1]);
    const { servers, upstreams } = view;
    const [shared] = viewOf(hundreds).sharedServers;
    const elements = [upstreams[0], servers[0], servers[0]?.locations[0], shared, shared?.members[0]];
    const parts = [view, ...elements].map((part) => Object.keys(part ?? {}));
    assert.deepEqual([...new Set(documented)].sort(), [...new Set(parts.flat())].sort());
  });

  it("ends with the footer, also when its own last line has no newline", () => {
    const { text } = configure(twoServices, defaultOptions, null, compileText("# {{listens.length}} listens"));
    assert.match(text, /^# 1 listens\n# sha256:/);
    assert.equal(checkFooter(Buffer.from(text)), "whole");
  });

  it("has typed helpers", () => {
    assert.equal(render("{{#if (eq hasGrpc false)}}no{{/if}} {{eq 1 '1'}}"), "no false\n");
    assert.equal(render("{{join listens ', '}}"), "8080\n");
    assert.equal(render(String.raw`{{quote 'a "b" \ c'}} {{quote 7}}`), String.raw`"a \"b\" \\ c" "7"${"\n"}`);
    assert.equal(
      render("{{indent 2 'a\n\nb'}}|{{#indent 4}}\nx {\n  y;\n}\n{{/indent}}"),
      "  a\n\n  b|\n    x {\n      y;\n    }\n",
    );
    assert.equal(
      render("{{#indent 2}}\n{{#each listens}}\nlisten {{this}};\n{{/each}}\n{{/indent}}"),
      "  listen 8080;\n",
    );
  });

  const faults: readonly (readonly [what: string, text: string, message: string | RegExp])[] = [
    [
      "an open block",
      "a\n{{#if listens}}\nb",
      /^site\.hbs:3:\d+: syntax error: unexpected end .* a block is not closed$/,
    ],
    ["an open tag", "a {{listens", /^site\.hbs:1:\d+: syntax error: /],
    ["a block closed by another", "a\n {{#if listens}}{{/each}}", "site.hbs:2:5: if doesn't match each"],
    ["an unknown helper", "a\n b {{upper listens}}", 'site.hbs:2:4: there is no helper "upper"'],
    ["a helper that writes to the log", "{{log listens}}", 'site.hbs:1:1: there is no helper "log"'],
    ["an unknown partial", "\n{{> header}}", /^site\.hbs:2:1: there is no partial "header"; there are head, upstreams/],
    ["an unknown decorator", "{{* x}}", 'site.hbs:1:1: there is no decorator "x"'],
    ["a missing field", "\n {{nmae}}", 'site.hbs:2:4: there is no field "nmae" here'],
    [
      "a missing field of a field",
      "{{#each upstreams}}{{service.nam}}{{/each}}",
      /:1:\d+: there is no field "nam" here$/,
    ],
    [
      "a missing list",
      "{{#each server}}{{/each}}",
      /:1:1: each: expected a list or an object, got a field that does not/,
    ],
    ["a missing condition", "{{#if grpc}}{{/if}}", /^site\.hbs:1:1: if: expected something that exists/],
    ["a missing condition, turned round", "{{#unless grpc}}{{/unless}}", /^site\.hbs:1:1: unless: expected/],
    ["a missing context", "{{#with grpc}}{{/with}}", /^site\.hbs:1:1: with: expected/],
    ["a missing section", "{{#grpc}}{{/grpc}}", /^site\.hbs:1:4: there is no field "grpc" here/],
    ["an index out of a loop", "{{@index}}", /^site\.hbs:1:3: there is no field "index" here/],
    ["each over a text", "{{#each (join listens ',')}}{{/each}}", /:1:1: each: expected .*, got the string "8080"$/],
    ["eq with one argument", "\n{{eq 1}}", /^site\.hbs:2:1: eq: expected two texts.*, got 1 arguments$/],
    ["eq of lists", "{{eq listens listens}}", /^site\.hbs:1:1: eq: expected .*, got a list$/],
    ["join without a separator", "{{join listens}}", /^site\.hbs:1:1: join: expected .*, got 1 arguments$/],
    ["join of a text", "{{join 'a' ','}}", /join: expected a list .*, got the string "a"$/],
    ["join of objects", "{{join upstreams ','}}", /join: expected .*, got an object in the list$/],
    ["quote of a list", "{{quote listens}}", /quote: expected one text .*, got a list$/],
    ["quote of a line break", "{{quote 'a\nb'}}", /quote: expected one text or number without control characters/],
    ["indent by a text", "{{indent 'a' 'b'}}", /indent: expected a whole number of spaces.*, got the string "a"$/],
    ["indent by a fraction", "{{indent 1.5 'b'}}", /indent: expected a whole number.*, got the number 1.5$/],
    ["indent by too many", "{{indent 65 'b'}}", /indent: expected a whole number of spaces from 0 to 64/],
    ["an object as a text", "a\n{{upstreams}}", /^site\.hbs: line 2 of what it makes has an object printed as a whole/],
    ["block parameters", "{{#each listens as |l|}}{{l.x}}{{/each}}", /block parameters \(as \|l\|\) are not available/],
    [
      "a partial in a loop",
      "\n{{#each servers}}{{> servers}}{{/each}}",
      /^site\.hbs:2:18: in the partial servers: .*; it must be given the whole model$/,
    ],
    [
      "a partial without end",
      "{{#*inline 'a'}}{{> a}}{{/inline}}{{> a}}",
      "site.hbs: it nests without end, or makes a text that is too long",
    ],
    ["nothing", " \n", "site.hbs: it makes an empty configuration"],
  ];
  for (const [what, text, message] of faults) {
    it(`names file, place and cause of ${what}`, () => {
      const said = failure(text);
      if (typeof message === "string") assert.equal(said, message);
      else assert.match(said, message);
    });
  }

  it("finds what needs no site to be found before there is one", () => {
    for (const text of ["{{#if a}}", "{{upper listens}}", "{{> header}}", "{{* x}}", "{{a.constructor}}"]) {
      assert.throws(() => compileText(text), TemplateError, text);
    }
  });

  it("reaches no prototype, and runs no code", () => {
    const names = ["constructor", "__proto__", "toString", "__defineGetter__", "hasOwnProperty", "valueOf", "map"];
    for (const name of names) {
      assert.match(failure(`{{${name}}}`), /is no field of the model$/, name);
      assert.match(failure(`{{listens.${name}}}`), /is no field of the model$/, name);
      assert.match(failure(`{{@root.${name}}}`), /is no field of the model$/, name);
      assert.match(failure(`{{lookup this "${name}"}}`), /lookup: expected an object or list/, name);
      assert.match(failure(`{{#with (lookup listens "${name}")}}x{{/with}}`), /lookup: expected/, name);
    }
    assert.equal(
      render(`x{{! \`\${process.exit(3)}\` }} "+process.exit(3)+" \\u0022 {{"listens"}}`),
      'x "+process.exit(3)+" \\u0022 8080\n',
    );
  });

  it("is bounded in what it makes, and in how long it goes on", () => {
    const many = { ...view, listens: Array.from({ length: 3000 }, () => "x".repeat(30_000)) };
    assert.throws(
      () => compileText("{{#each listens}}{{this}}{{/each}}").render(many),
      /no more than 67108864 characters/,
    );
    const loop = "{{#each listens}}{{#each @root.listens}}{{#each @root.listens}}{{/each}}{{/each}}{{/each}}";
    const template = compileText(`x${loop}`);
    assert.throws(() => template.render(many), /no more than 20000000 iterations/);
    assert.equal(template.render(view), "x\n", "the next rendering begins anew");
  });
});

for (const nginx of nginxBinaries) {
  describe(`examples/templates on nginx ${nginx.version}`, () => {
    const names = readdirSync(examples).filter((name) => name.endsWith(".hbs"));
    const example = (name: string): SiteTemplate =>
      compile({ path: name, text: readFileSync(join(examples, `${name}.hbs`), "utf8") });
    const backends: Server[] = [];
    const servers: NginxServer[] = [];
    const address = `${subnet}.70`;
    let backendPort: number;
    let folder: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "hotroute-template-"));
      backendPort = await freePort();
      backends.push(await startBackend(address, backendPort));
    });
    after(async () => {
      for (const server of servers) await server.stop();
      stopBackends(backends);
      await rm(folder, { recursive: true, force: true });
    });

    /** Serves a Service that is there, one that is away, and one under maintenance. */
    const serveExample = async (name: string, change: (text: string) => string = (text) => text) => {
      const port = await freePort();
      const services = [
        service("shop", address, backendPort, { host: "shop.example.com,*.shop.example.com" }),
        service("away", `${subnet}.71`, backendPort, { host: "away.example.com", path: "/,/api" }),
        service("closed", address, backendPort, { host: "closed.example.com", maintenance: "true" }),
      ];
      const options = { ...defaultOptions, listens: parseListenList(`127.0.0.1:${port}`) ?? [] };
      const { text, problems } = configure(services, options, null, example(name));
      assert.deepEqual(problems, []);
      servers.push(await startNginx(nginx, change(text), port));
      return (host: string, path = "/") => get({ port, host, path, headers: { traceparent: "00-ab-cd-01" } });
    };

    for (const file of names) {
      it(`${file} passes nginx -t without a warning, for every golden case`, async () => {
        const template = example(file.replace(/\.hbs$/, ""));
        for (const name of goldenCases().filter((golden) => isNginxAtLeast(nginx, oldestNginx(golden)))) {
          const { code, stderr } = await testConfiguration(nginx, runGolden(name, undefined, template).text);
          assert.equal(code, 0, `${name}: ${stderr}`);
          assert.doesNotMatch(stderr, /\[(warn|emerg|alert|crit|error)\]/, name);
        }
      });
    }

    it("access-log: a line of JSON with the fields of the template for each request", async () => {
      const log = join(folder, "access.log");
      const ask = await serveExample("access-log", (text) => text.replaceAll("/dev/stdout", log));
      assert.equal((await ask("shop.example.com", "/cart?a=1")).status, 200);
      const line = await waitFor("the line", async () =>
        (await readFile(log, "utf8")).split("\n").find((text) => text.includes("/cart")),
      );
      const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
      assert.equal(entry.request, "GET /cart?a=1 HTTP/1.1");
      assert.equal(entry.backend, `shop.default.${backendPort}`);
      assert.equal(entry.trace, "00-ab-cd-01");
      assert.equal(entry.status, 200);
      assert.match(String(entry.id), /^[0-9a-f]{32}$/);
    });

    it("error-page: a page of one's own with the status of the error, and what is well stays so", async () => {
      const ask = await serveExample("error-page");
      for (const [host, status] of [
        ["away.example.com", 502],
        ["closed.example.com", 503],
      ] as const) {
        const answer = await ask(host, "/api/x");
        assert.equal(answer.status, status);
        assert.match(answer.body, /We will be right back/);
        assert.equal(answer.headers["content-type"], "text/html");
        assert.equal(answer.headers["retry-after"], "30");
      }
      assert.equal((await ask("shop.example.com")).headers["x-backend"], address);
      assert.equal((await ask("a.shop.example.com")).headers["x-backend"], address);
      assert.equal((await ask("unknown.example.com")).status, 404);
      assert.equal((await ask("away.example.com", "/.hotroute/unavailable")).status, 404);
    });

    it("maintenance: a host of its own beside those that are routed", async () => {
      const ask = await serveExample("maintenance");
      const answer = await ask("maintenance.example.com", "/any");
      assert.equal(answer.status, 503);
      assert.equal(answer.headers["retry-after"], "3600");
      assert.match(answer.body, /being rebuilt\. \d others are well/);
      assert.equal((await ask("maintenance.example.com", "/healthz")).body, "ok\n");
      assert.equal((await ask("shop.example.com")).headers["x-backend"], address);
    });
  });
}
