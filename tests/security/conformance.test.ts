import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goldenCases, readGolden } from "../golden/case.ts";
import { violations } from "./conformance.ts";

const golden = readGolden("proxy-tuning", "default.conf");
const put = (after: string, text: string): string => {
  assert.ok(golden.includes(after), after);
  return golden.replace(after, `${after}${text}`);
};

/** Where something is put in, and what: none of it is hotroute's. */
const intruders: readonly (readonly [after: string, text: string])[] = [
  ["proxy_http_version 1.1;", "load_module x.so;"],
  ["proxy_http_version 1.1;", "ssl_engine x;"],
  ["proxy_http_version 1.1;", "include /etc/passwd;"],
  ["proxy_http_version 1.1;", "error_log /tmp/x;"],
  ["proxy_http_version 1.1;", "server { listen 8081; location / { root /; } }"],
  ["proxy_http_version 1.1;", 'map $uri $x { default ""; }'],
  ['default "";', "include /etc/passwd;"],
  ['default "";', "volatile;"],
  ["server_name a.example.com;", "server_name $host;"],
  ["server_name a.example.com;", 'server_name "~.*";'],
  ["server_name a.example.com;", "server_name *.b.example.com;"],
  ["server_name a.example.com;", 'if ($host !~ "^b\\.example\\.com$") { return 404; }'],
  ["server_name a.example.com;", 'if ($uri !~ "^a\\.example\\.com$") { return 404; }'],
  ["server_name a.example.com;", "return 200 x;"],
  ["server_name a.example.com;", "location ~ .* { return 404; }"],
  ["server_name a.example.com;", "location @x { return 404; }"],
  ["server_name a.example.com;", "location /x { root /; }"],
  ["server_name a.example.com;", "location /x { alias /; }"],
  ["client_max_body_size 8m;", "content_by_lua_block { x; }"],
  ["client_max_body_size 8m;", "access_log /tmp/x;"],
  ["client_max_body_size 8m;", "error_page 403 =200 /;"],
  ["client_max_body_size 8m;", "satisfy any;"],
  ["client_max_body_size 8m;", "proxy_intercept_errors on;"],
  ["client_max_body_size 8m;", "auth_request off;"],
  ["client_max_body_size 8m;", "allow all;"],
  ["client_max_body_size 8m;", 'return 200 "$http_authorization";'],
  ["client_max_body_size 8m;", "return 302 $http_x;"],
  ["client_max_body_size 8m;", 'add_header X "$http_authorization" always;'],
  ["client_max_body_size 8m;", 'proxy_set_header X-Forwarded-For "1.2.3.4";'],
  ["client_max_body_size 8m;", 'proxy_set_header x-forwarded-for "1.2.3.4";'],
  ["client_max_body_size 8m;", 'proxy_set_header Transfer-Encoding "chunked";'],
  ["client_max_body_size 8m;", "proxy_pass http://evil.example.com;"],
  ["client_max_body_size 8m;", "proxy_pass http://upload.default.81;"],
  ["client_max_body_size 8m;", "proxy_pass http://upload.default.80/$uri;"],
  ["client_max_body_size 8m;", "proxy_pass http://unix:/run/hotroute/nginx.sock;"],
  ["client_max_body_size 8m;", "if ($uri) { return 204; }"],
  ["client_max_body_size 8m;", "# a comment of a Service\n"],
  ["keepalive 32;", "server evil.example.com;"],
  ["keepalive 32;", "server unix:/run/hotroute/nginx.sock;"],
];

describe("violations()", () => {
  for (const name of goldenCases()) {
    it(`finds none in golden case ${name}`, () => assert.deepEqual(violations(readGolden(name, "default.conf")), []));
  }

  for (const [after, text] of intruders) {
    it(`finds ${text.trim()}`, () => assert.notDeepEqual(violations(put(after, text)), []));
  }
});
