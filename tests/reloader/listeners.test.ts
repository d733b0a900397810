import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasListener, readListeners } from "../../src/reloader/listeners.ts";

const own = { socket: "/run/hotroute/nginx.sock", include: "/run/releases/x/conf.d/*.conf" };
const addresses = (...texts: readonly string[]) => readListeners(texts, own);
const has = (...texts: readonly string[]) => hasListener(texts, own);

describe("readListeners()", () => {
  it("gives each address once, sorted", () => {
    const text = "server { listen 8080 default_server; listen [::]:8080; }\nserver { listen 8080; }";
    assert.deepEqual(addresses(text, "server { listen 127.0.0.1:81 ssl; }"), ["127.0.0.1:81", "8080", "[::]:8080"]);
  });

  it("counts a server that names none: nginx listens on port 80", () => {
    assert.deepEqual(addresses("http { server { location / { return 200; } } }"), ["*:80"]);
  });

  it("does not count the reloader's own socket, nor its own include", () => {
    const text = `http { server { listen "unix:${own.socket}"; } include "${own.include}"; }`;
    assert.deepEqual(addresses(text), []);
    assert.equal(has(text), "no");
    assert.deepEqual(addresses("server { listen unix:/run/other.sock; }"), ["unix:/run/other.sock"]);
  });

  it("is not deceived by comments, quotes, escapes, upstreams and variables", () => {
    const texts = [
      "# server { listen 1; }\n",
      `log_format x "server { listen 2; }" 'server { listen 3; }';`,
      "upstream u { server 10.0.0.1:80; server unix:/x; }",
      "map $a $b { default server; listen 4; }",
      'add_header X "a\\"; server { listen 5; }";',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: nginx writes its variables like this
      "if ($x = }) { return 200 ${y}{; }",
    ];
    for (const text of texts) assert.deepEqual(addresses(text), [], text);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: nginx writes its variables like this
    assert.deepEqual(addresses("server { set $a ${b}c; listen 6; }"), ["6"]);
    assert.deepEqual(addresses("server { location ~ ^/a\\{2\\}$ { return 200; } listen 7; }"), ["7"]);
    assert.deepEqual(addresses('server { location ~ "^/a{2}$" { return 200; } listen 8; }'), ["8"]);
  });

  it("takes any text without a listener for one without", () => {
    for (const text of ["", "}}}", "server", "server {", '"', "listen 80;", "\\"])
      assert.deepEqual(addresses(text), []);
  });
});

describe("hasListener()", () => {
  it("says whether there is one, also behind includes", () => {
    assert.equal(has("server { listen 80; }"), "yes");
    assert.equal(has("include /etc/nginx/sites/*;", "server { }"), "yes");
    assert.equal(has("include /etc/nginx/sites/*;"), "elsewhere");
    assert.equal(has("upstream u { server 127.0.0.1; }"), "no");
  });

  it("reads no further than to the first", () => {
    const texts = function* (): Generator<string> {
      yield "server { listen 80; }";
      throw new Error("read on");
    };
    assert.equal(hasListener(texts(), own), "yes");
  });
});
