import assert from "node:assert/strict";
import { type Configuration, type ConfigurationOptions, configure } from "../../src/nginx/configuration.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { readService } from "../../src/routes/service.ts";
import { defaultOptions } from "../nginx/fixture.ts";

export const keyPrefix = "hotroute.io/";

/** A Service in a few words; everything is text that nobody has checked. */
export interface ServiceText {
  readonly namespace?: string;
  readonly name?: string;
  readonly clusterIP?: string;
  readonly type?: string;
  readonly externalName?: string;
  readonly creationTimestamp?: string;
  readonly uid?: string;
  readonly ports?: readonly unknown[];
  /** Under the prefix, without it. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

const prefixed = (settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${keyPrefix}${key}`, value]));

/** The Service as hotroute reads it from the API server's JSON, every other field filled in. */
export const serviceOf = (text: ServiceText): ServiceRecord => {
  const { namespace = "default", name = "shop", labels = {}, annotations = {} } = text;
  const object = {
    metadata: {
      namespace,
      name,
      uid: text.uid ?? "4f6f5ed2-6d1a-4a6b-9f0e-3f6d2f1a2b3c",
      creationTimestamp: text.creationTimestamp ?? "2026-01-01T00:00:00Z",
      labels: { ...prefixed({ expose: "true" }), ...prefixed(labels) },
      annotations: prefixed(annotations),
    },
    spec: {
      type: text.type ?? "ClusterIP",
      clusterIP: text.clusterIP ?? "127.96.0.1",
      externalName: text.externalName,
      ports: text.ports ?? [{ port: 80 }],
    },
  };
  // Through JSON, as it arrives: that is where `__proto__` is a key like any other.
  const record = readService(JSON.parse(JSON.stringify(object)), keyPrefix);
  assert.ok(record !== null);
  return record;
};

/** What a controller without further settings has, and a log of requests. */
export const options: ConfigurationOptions = {
  ...defaultOptions,
  selectorKeys: new Set(["expose"]),
  isGrpcAvailable: true,
  accessLog: "json",
};

/** The configuration that these Services give. */
export const configureTexts = (texts: readonly ServiceText[]): Configuration =>
  configure(texts.map(serviceOf), options);

/** A good value of every key of the language, of those too that are not done yet. */
export const benignValues: Readonly<Record<string, string>> = {
  host: "shop.example.com",
  path: "/shop",
  "path-type": "Exact",
  port: "80",
  class: "internal",
  "default-backend": "true",
  priority: "7",
  "backend-protocol": "HTTPS",
  "upstream-vhost": "inner.example.com",
  "strip-prefix": "true",
  "proxy-body-size": "8m",
  "proxy-connect-timeout": "2s",
  "proxy-read-timeout": "5m",
  "proxy-send-timeout": "500ms",
  "proxy-buffering": "false",
  "permanent-redirect": "https://new.example.com/here?a=b",
  "temporal-redirect": "https://new.example.com/",
  "ssl-redirect": "false",
  "tls-secret": "shop-tls",
  "enable-cors": "true",
  "cors-allow-origin": "https://app.example.com",
  "cors-allow-methods": "GET, POST",
  "cors-allow-headers": "X-Token",
  "cors-allow-credentials": "false",
  "cors-max-age": "600",
  "whitelist-source-range": "10.0.0.0/8",
  "allowlist-source-range": "fd00::/8",
  "denylist-source-range": "10.9.0.0/16",
  "limit-rps": "5",
  "limit-connections": "10",
  "auth-secret": "users",
  "auth-realm": "staff",
  "response-headers": '{"X-Team": "shop; a=b"}',
  "request-headers": '{"X-Team": "shop"}',
  affinity: "none",
  endpoints: "false",
  "canary-of": "other",
  "canary-weight": "10",
  maintenance: "true",
  routes: '[{"path": "/a"}]',
};
