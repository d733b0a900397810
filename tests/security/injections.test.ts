import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Configuration } from "../../src/nginx/configuration.ts";
import { notAvailable } from "../../src/routes/keys.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { testConfiguration } from "../support/nginx-server.ts";
import { tokenize } from "../support/nginx-tokenizer.ts";
import { locationsOf, structure } from "./conformance.ts";
import { benignValues, configureTexts, type ServiceText } from "./fixture.ts";
import { type Injection, injections } from "./injections.ts";
import { assertSound } from "./sound.ts";

const shapeOf = ({ text }: Configuration): string => structure(tokenize(text).directives);

/** A Service that sets one key, and whatever that key needs to be looked at. */
const withKey = (key: string, value: string): ServiceText => ({
  annotations: {
    ...(key.startsWith("cors-") ? { "enable-cors": "true", "cors-allow-credentials": "false" } : {}),
    ...(key === "strip-prefix" ? { path: "/shop" } : {}),
    [key]: value,
  },
});

/** Whether there is a problem, and nothing leads anywhere: a refused route at most holds its place. */
const isRefused = ({ text, problems }: Configuration): boolean =>
  problems.length > 0 &&
  locationsOf(tokenize(text).directives).every(
    ({ body }) => structure(body) === "return;" && isOwnStatus(body[0]?.args),
  );

const isOwnStatus = (args: readonly string[] = []): boolean =>
  args.length === 1 && (args[0] === "404" || args[0] === "503");

/** Refused: a problem, and nothing of the Service in the file. Inert: the very directives that a good value gives. */
const assertRefusedOrInert = (hostile: ServiceText, benign: readonly ServiceText[], where: string): void => {
  const result = configureTexts([hostile]);
  assertSound(result, where);
  if (isRefused(result)) return;
  const shapes = benign.map((text) => shapeOf(configureTexts([text])));
  assert.ok(shapes.includes(shapeOf(result)), `${where}: neither refused nor inert\n${result.text}`);
};

// A path that leads to a file on a disk is a path like any other here: nothing is served from a disk.
const otherPaths: readonly ServiceText[] = ["/shop,/other"].map((path) => ({ annotations: { path } }));

const assertEveryKey = (payload: string): void => {
  for (const [key, value] of Object.entries(benignValues)) {
    const benign = [withKey(key, value), ...(key === "path" ? otherPaths : [])];
    assertRefusedOrInert(withKey(key, payload), benign, `annotation ${key}`);
    // No API server takes these as labels; what they would do is tried all the same.
    assertRefusedOrInert(withLabel(key, payload), benign, `label ${key}`);
    // Behind a good value, where a list or a looser grammar would let it through.
    assertRefusedOrInert(withKey(key, `${value}${payload}`), benign, `end of ${key}`);
    assertRefusedOrInert(withKey(key, `${value},${payload}`), benign, `element of ${key}`);
  }
};

const withLabel = (key: string, value: string): ServiceText => {
  const { annotations = {} } = withKey(key, value);
  return {
    annotations: Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== key)),
    labels: { [key]: value },
  };
};

const routed: ServiceText = { annotations: { host: "shop.example.com" } };
const routedText = configureTexts([routed]).text;

const assertRefused = (text: ServiceText, where: string): void => {
  const result = configureTexts([text]);
  assertSound(result, where);
  assert.ok(isRefused(result), where);
};

const assertIgnored = (text: ServiceText, where: string): void => {
  const result = configureTexts([text]);
  assertSound(result, where);
  assert.equal(result.text, routedText, where);
};

const assertEveryField = (payload: string): void => {
  assertRefused({ ...routed, namespace: payload }, "namespace");
  assertRefused({ ...routed, name: payload }, "name");
  assertRefused({ ...routed, clusterIP: payload }, "clusterIP");
  assertRefused({ ...routed, type: "ExternalName", clusterIP: "", externalName: payload }, "externalName");
  assertRefused({ annotations: { ...routed.annotations, port: payload } }, "port");
  assertRefused({ ...routed, ports: [{ port: payload }] }, "number of a port");
  assertIgnored({ ...routed, externalName: payload }, "externalName of a ClusterIP");
  assertIgnored({ ...routed, ports: [{ name: payload, port: 80, appProtocol: payload }] }, "port name, appProtocol");
  assertIgnored({ ...routed, uid: payload }, "uid");
  assertIgnored({ ...routed, creationTimestamp: payload }, "creationTimestamp");
};

const assertKeyNames = ({ keys, payloads }: Injection, payload: string): void => {
  for (const key of new Set([...keys, payload, `host${payload}`, ...payloads.map((one) => one.slice(0, 200))])) {
    const text = { annotations: { ...routed.annotations, [key]: payload } };
    const { problems } = configureTexts([text]);
    // A guard of ingress-nginx that is not there yet closes the route; a key that nobody knows is ignored.
    const isGuard = notAvailable.has(key);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      [isGuard ? "NotAvailable" : "UnknownKey"],
      key.slice(0, 80),
    );
    (isGuard ? assertRefused : assertIgnored)(text, `key ${key.slice(0, 80)}`);
  }
};

describe("published injections", () => {
  for (const injection of injections) {
    it(`${injection.id} (${injection.was})`, () => {
      for (const payload of injection.payloads) {
        assertEveryKey(payload);
        assertEveryField(payload);
        assertKeyNames(injection, payload);
      }
    });
  }

  it("a good value of every key is taken, so that a refusal above is the payload's", () => {
    const notDone = ["class", "auth-secret", "canary-of", "canary-weight"];
    for (const [key, value] of Object.entries(benignValues)) {
      const { text } = configureTexts([withKey(key, value)]);
      const isAnswered = locationsOf(tokenize(text).directives).some(
        ({ upstream, body }) => upstream !== null || structure(body) !== "return;" || body[0]?.args.length === 2,
      );
      assert.equal(isAnswered, !notDone.includes(key), key);
    }
  });
});

for (const nginx of nginxBinaries) {
  it(`nginx ${nginx.version} takes a configuration with every payload in every key`, async () => {
    const all = injections.flatMap(({ id, payloads }) =>
      payloads.flatMap((payload, row) =>
        Object.keys(benignValues).map((key, column) => ({
          ...withKey(key, payload),
          name: `s-${id.toLowerCase()}-${row}-${column}`,
        })),
      ),
    );
    const { text, routeCount } = configureTexts([...all, routed]);
    assert.ok(routeCount > 0);
    const { code, stderr } = await testConfiguration(nginx, text);
    assert.equal(code, 0, stderr);
  });
}
