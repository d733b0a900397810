/** Ways to write a path below /admin, which nginx takes for one. */
export const closedPaths: readonly string[] = [
  "/admin",
  "/admin/",
  "/admin/x",
  "/admin?x",
  "/admin#x",
  "//admin",
  "///admin//x",
  "/./admin",
  "/x/../admin",
  "/x/%2e%2e/admin",
  "/x/.%2e/admin",
  "/x%2f..%2fadmin",
  "/x/..//admin",
  "/%61dmin",
  "/%61%64%6d%69%6e/x",
  "/admin%2fx",
  "/admin%2F",
  "/admin/%2e",
  "/admin/./x",
  "/admin/x/..",
  "/%2fadmin",
  "/%2e/admin",
  "/admin/..;/x",
  "/admin/;/x",
];

/** Ways past a proxy's rules that lead elsewhere or nowhere: whoever answers, the closed Service is not asked. */
export const evasions: readonly string[] = [
  "/admin/..",
  "/admin/../",
  "/admin/%2e%2e/",
  "/admin%2f..",
  "/admin%2f..%2f",
  "/x/..%2fadmin%2f..",
  "/Admin",
  "/ADMIN/",
  "/admin%20",
  "/admin%09",
  "/admin%0a",
  "/admin.",
  "/admin;x",
  "/admin%3b",
  "/admin%3f",
  "/admin%23",
  "/admin%00",
  "/%00/admin",
  "/%252e%252e/admin",
  "/%25%36%31dmin",
  "/\\admin",
  "/x\\..\\admin",
  "/%5cadmin",
  "/%c0%afadmin",
  "/..",
  "/../admin%2f../..",
  "/x/../../admin",
  "*",
  "admin",
  "http://",
  "http:///admin",
];

/** Ways to say where one comes from, or what one asks for, that only a proxy may. */
export const spoofedHeaders: readonly string[] = [
  "X-Forwarded-For: 192.0.2.7",
  "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 192.0.2.8",
  "x_forwarded_for: 192.0.2.7",
  "X-Real-IP: 192.0.2.7",
  "Forwarded: for=192.0.2.7",
  "True-Client-IP: 192.0.2.7",
  "CF-Connecting-IP: 192.0.2.7",
  "Client-IP: 192.0.2.7",
  "X-Client-IP: 192.0.2.7",
  "X-Original-Forwarded-For: 192.0.2.7",
  "X-Original-URL: /open",
  "X-Rewrite-URL: /open",
  "X-HTTP-Method-Override: GET",
  "X-Accel-Redirect: /admin",
];

/** What must never come to any backend: one request that two servers read as different ones. */
const smuggled = "GET /admin/smuggled HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n";
/** Requests of which two servers could see different ends, and the one hidden in each. */
export const smuggling: readonly (readonly [name: string, request: string])[] = [
  [
    "Transfer-Encoding beside Content-Length",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    "Content-Length beside Transfer-Encoding",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\nContent-Length: 999\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    "two different Content-Length",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  ],
  ["a list as Content-Length", `POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 0, 5\r\n\r\n${smuggled}`],
  ["a sign before Content-Length", `POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: +5\r\n\r\n${smuggled}`],
  [
    "an unknown Transfer-Encoding",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    "Transfer-Encoding twice",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    "a tab before chunked",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding:\tchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    "a space before the colon",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  ],
  [
    "a folded header",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nX: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  ],
  [
    "a folded Transfer-Encoding",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  ],
  [
    "a carriage return alone",
    `GET / HTTP/1.1\r\nHost: a.example.com\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n${smuggled}`,
  ],
  ["line feeds alone", `GET / HTTP/1.1\nHost: a.example.com\nContent-Length: 0\n\n${smuggled}`],
  ["a line feed in a header", `GET / HTTP/1.1\r\nHost: a.example.com\r\nX: y\nContent-Length: 5\r\n\r\n${smuggled}`],
  ["a null in a header", `GET / HTTP/1.1\r\nHost: a.example.com\r\nX: y\u0000z\r\n\r\n${smuggled}`],
  [
    "Transfer-Encoding in HTTP/1.0",
    `POST / HTTP/1.0\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    "a chunk size that overflows",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${smuggled}`,
  ],
  [
    "a chunk size with a sign",
    `POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n${smuggled}`,
  ],
  ["line feeds in a path", `GET /%0d%0aX:%20y HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 0\r\n\r\n${smuggled}`],
];

/** Hosts that are none, or that somebody could take for another. */
export const oddHosts: readonly string[] = [
  "closed.example.com/../a.example.com",
  "a.example.com/closed",
  "closed.example.com\\",
  "user@closed.example.com",
  "closed.example.com#",
  "closed.example.com?",
  "closed.example.com%00",
  "closed.example.com\t",
  "closed.example.com, a.example.com",
  "[closed.example.com]",
  "-closed.example.com",
  "cl\u00f6sed.example.com",
  "closed.example.com;",
  '"closed.example.com"',
  "$host",
  "{closed.example.com}",
  "..",
  ".",
  "a".repeat(2000),
];
