import { isNginxAtLeast, type NginxUnderTest } from "../support/nginx-binaries.ts";

/**
 * A configuration as hotroute renders it in what matters under load: connections to the backend are kept, WebSockets pass,
 * and HTTP/2 is spoken beside HTTP/1.1 where this nginx can do both on one port (1.25.1).
 *
 * @param mark what `/mark` answers: which version of it is live
 */
export const loadSite = (
  nginx: NginxUnderTest,
  ports: { readonly listen: number; readonly backend: number },
  mark: string,
): string => `${isNginxAtLeast(nginx, "1.25.1") ? "http2 on;\n" : ""}\
map $http_upgrade $load_connection {
    default "";
    "~*^websocket$" upgrade;
}
upstream load {
    server 127.0.0.1:${ports.backend};
    keepalive 32;
}
server {
    listen 127.0.0.1:${ports.listen};
    client_max_body_size 8m;
    location / {
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $load_connection;
        proxy_read_timeout 1h;
        proxy_pass http://load;
    }
    location = /mark {
        return 200 "${mark}";
    }
}
`;

/** Servers beside it that nobody asks, so that a generation of workers takes memory as it does with many routes. */
export const manyServers = (port: number, count: number): string =>
  Array.from(
    { length: count },
    (_, index) =>
      `server {\n    listen 127.0.0.1:${port};\n    server_name host-${index}.example.com;\n    location / { return 200 "${index}"; }\n}\n`,
  ).join("");
