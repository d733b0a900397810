import type { Random } from "../apiserver/random.ts";
import { benignValues } from "./fixture.ts";
import { injections } from "./injections.ts";

const published: readonly string[] = injections.flatMap(({ payloads }) =>
  payloads.filter(({ length }) => length <= 200),
);

/** What breaks out of one syntax or another. */
const fragments: readonly string[] = [
  ...published,
  ..."\u0000\t\n\r\u000b\u000c\u0085\u00a0\u2028\u2029\ufeff\u200b\u202e\u{e0041}\ud800 \"'`\\;{}#$%&|<>()[]*?!^~@,:=+/.-_",
  "\r\n",
  "\\n",
  '\\"',
  "\\\\",
  ["$", "{host}"].join(""),
  "$host",
  "$1",
  "$(id)",
  "{{this}}",
  "{{#each listens}}",
  "<%= x %>",
  "%0a",
  "%00",
  "%2e%2e%2f",
  "../",
  "..;/",
  "//",
  "# x\n",
  "; return 200 x;",
  "} server { listen 81; }",
  "include /etc/passwd;",
  "default",
  "default_server",
  "hostnames",
  "volatile",
  "unix:/run/hotroute/nginx.sock",
  "127.0.0.1:9102",
  "localhost",
  "hotroute.invalid",
  "all",
  "off",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "NaN",
  "Infinity",
  "-1",
  "0",
  "-0",
  "1e9",
  "0x10",
  "010",
  "1_000",
  "9007199254740993",
  "99999999999999999999",
  "\u0661\u0662\u0663",
  "\uff11\uff12",
  "true ",
  "True",
  "yes",
  "\u0441\u043e\u043c",
  "ex\u0430mple.com",
  "xn--a",
  "\u0130",
  "\u212a",
  "\u00df",
  "\ufb01",
  "e\u0301",
  "\u{1f600}",
  "a".repeat(300),
  "a.".repeat(200),
  "/a".repeat(300),
  "a,".repeat(700),
  "[".repeat(300),
  "(a+)+$",
  "::ffff:127.0.0.1",
  "fe80::1%eth0",
  "0.0.0.0/0",
  "::/0",
  "10.0.0.0/33",
  "10.0.0.0/8 ",
];

const oddJson: readonly string[] = [
  '{"__proto__": "x"}',
  '{"constructor": {"prototype": "x"}}',
  '{"X-A": 1}',
  '{"X-A": null}',
  '{"X-A": ["a", "b"]}',
  '{"X-A": "a", "x-a": "b"}',
  '{"X-A": "a", "X-A": "b\\u0022;"}',
  '{"X-A": "\\u000aroot /;"}',
  '{"X\\u000a": "a"}',
  '{"X-A": "\\ud800"}',
  '{"Host": "evil"}',
  '{"X-Forwarded-For": "1.2.3.4"}',
  '{"x-ACCEL-redirect": "/admin"}',
  '{"Content-Length": "0"}',
  '{"Transfer-Encoding": "chunked"}',
  '{"Connection": "upgrade"}',
  '{"": "x"}',
  "{}",
  "[]",
  '"x"',
  "{",
  '{"X-A": "a"} {"X-B": "b"}',
  "{'X-A': 'a'}",
  '\ufeff{"X-A": "a"}',
];

const oddYaml: readonly string[] = [
  "- &a [*a]",
  "- {path: &p /a}\n- {path: *p}",
  "- !!js/function 'x'",
  "- !!binary aGk=",
  "- <<: {path: /a}",
  "%YAML 1.1\n---\n- {path: /a, strip-prefix: yes}",
  "---\n- {path: /a}\n---\n- {path: /b}",
  "- {path: 0x10}",
  "- {path: 2026-01-01}",
  "- {path: .inf, priority: .nan}",
  "- {path: /a, path: /b}",
  "- {__proto__: {path: /a}}",
  "- {? [a, b] : c}",
  "- {path: [[/a], [/b]]}",
  "- {path: {a: b}}",
  "- {path: null}",
  "- {routes: [{path: /a}]}",
  "- {class: x}",
  "- {expose: true}",
  "- |\n  path: /a",
  '- {"response-headers": {"X-A": "a\\"; root /;"}}',
  '- {"whitelist-source-range": ""}',
  '- {"whitelist-source-range": null}',
  '- {"whitelist-source-range": []}',
  "a: [",
  "[]",
  "{}",
];

/** Good values of every kind, up to the largest that is allowed. */
const goodValues: Readonly<Record<string, readonly string[]>> = {
  path: ["/", "/shop", "/a/b/c", "/a,/a/b", "/A.b_c~d:e@f+g=h", `/${"p".repeat(253)}`, "/a/", "/a,/a/,/b"],
  "path-type": ["Prefix", "Exact"],
  port: ["80", "http"],
  priority: ["0", "-1000000", "1000000"],
  "backend-protocol": ["HTTP", "HTTPS", "GRPC", "GRPCS"],
  "upstream-vhost": ["inner.example.com", "INNER.Example.com", `${"l".repeat(63)}.example.com`],
  "strip-prefix": ["true", "false"],
  "proxy-body-size": ["0", "1", "8m", "8M", "999999999g"],
  "proxy-connect-timeout": ["5", "1ms", "24h", "86400"],
  "proxy-buffering": ["true", "false"],
  "permanent-redirect": ["https://new.example.com", "http://[::1]:8080/a?b=c&d=%20", "HTTPS://NEW.example.com/(a)*!"],
  "enable-cors": ["true", "false"],
  "cors-allow-origin": ["*", "https://app.example.com", "https://*.example.org,http://localhost:3000"],
  "cors-allow-methods": ["GET", "GET, POST, OPTIONS"],
  "cors-allow-headers": ["*", "X-Token, Authorization"],
  "cors-allow-credentials": ["true", "false"],
  "cors-max-age": ["0", "31536000"],
  "whitelist-source-range": ["10.0.0.0/8", "192.0.2.7,fd00::/8", "0.0.0.0/0", "10.1.2.3/8"],
  "denylist-source-range": ["10.0.0.0/8", "::/0", "::ffff:1.2.3.4/96"],
  "limit-rps": ["1", "5", "1000000"],
  "limit-connections": ["1", "65535"],
  "response-headers": [
    '{"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}',
    '{"X-A": "{;}#\'"}',
    '{"X-A": ""}',
  ],
  "request-headers": [
    '{"X-Team": "shop"}',
    '{"X-A": "a", "X-B": "b;c"}',
    `{"X-${"n".repeat(44)}": "${"v".repeat(1024)}"}`,
  ],
  maintenance: ["true", "false"],
  routes: ["[{path: /a}, {path: /b, strip-prefix: true}]", '[{"host": "r.example.com", "path": ["/a", "/b"]}]'],
};

const keyNames: readonly [string, ...string[]] = ["host", ...Object.keys(benignValues).filter((key) => key !== "host")];
const pickOne = (random: Random, choices: readonly string[]): string => choices[random.below(choices.length)] ?? "";

export const randomKey = (random: Random): string => random.pick(keyNames);

/** What means something to nginx by itself. */
const sharp: readonly string[] = ["$", ";", "{", "}", '"', "'", "\\", "#", "\n", " ", "$host"];

export const randomFragment = (random: Random): string => pickOne(random, random.chance(0.3) ? sharp : fragments);

/** What its own parser could fall for. */
const tricksOf = (key: string): readonly string[] =>
  key.endsWith("-headers") && !key.startsWith("cors-") ? oddJson : key === "routes" ? oddYaml : fragments;

/** A value that its parser takes, alone. */
export const goodValue = (random: Random, key: string): string =>
  pickOne(random, goodValues[key] ?? [benignValues[key] ?? ""]);

const withoutOne = (text: string, at: number): string => text.slice(0, at) + text.slice(at + 1);

/** A value that somebody means ill by: a good one with something in it, or nothing of the kind at all. */
export const hostileValue = (random: Random, key: string): string => {
  const good = goodValue(random, key);
  const at = random.below(good.length + 1);
  const fragment = randomFragment(random);
  switch (random.below(9)) {
    case 0:
      return fragment + randomFragment(random);
    case 1:
      return `${fragment}${good}`;
    case 2:
      return `${good}${fragment}`;
    case 3:
      return `${good},${fragment}`;
    case 4:
    case 5:
      return pickOne(random, tricksOf(key));
    case 6:
      return withoutOne(good, at);
    case 7:
      return goodValue(random, randomKey(random));
    default:
      return good.slice(0, at) + fragment + good.slice(at);
  }
};
