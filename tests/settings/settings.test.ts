import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allUpstreamHeaders } from "../../src/nginx/proxy-headers.ts";
import { type Environment, readSettings, SettingsError } from "../../src/settings/environment.ts";
import { parseListenAddress } from "../../src/settings/listen.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";

const routing = (environment: Environment) => readSettings(environment, readRoutingSettings);
const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    assert.doesNotMatch(error.message, /\n/);
    return error.problems.map(({ name }) => name);
  }
  return [];
};

describe("readSettings()", () => {
  it("names what stands on the command line beside the bad settings", () => {
    assert.throws(
      () => readSettings({ N: "x" }, (reader) => reader.integer("N", 7, { min: 0, max: 9 }), ["--config-dir=/x"]),
      {
        message:
          'bad settings: argument="--config-dir=/x": expected none: settings are environment variables; N="x": expected a whole number from 0 to 9',
      },
    );
  });

  it("gives the fallback for what is unset or empty", () => {
    const read = (environment: Environment) =>
      readSettings(environment, (reader) => ({
        n: reader.integer("N", 7, { min: 0, max: 9 }),
        b: reader.boolean("B", true),
        t: reader.text("T", null),
      }));
    assert.deepEqual(read({}), { n: 7, b: true, t: null });
    assert.deepEqual(read({ N: "", B: "", T: "" }), { n: 7, b: true, t: null });
    assert.deepEqual(read({ N: "9", B: "false", T: "x" }), { n: 9, b: false, t: "x" });
  });

  it("names all bad settings at once, with value and expectation", () => {
    const read = (environment: Environment) =>
      readSettings(environment, (reader) => [reader.integer("N", 7, { min: 1, max: 9 }), reader.boolean("B", true)]);
    assert.throws(() => read({ N: "ten", B: "yes" }), {
      message: 'bad settings: N="ten": expected a whole number from 1 to 9; B="yes": expected true or false',
    });
    for (const raw of ["0", "10", "1.0", " 1", "0x1", "1e0", "-1", "9".repeat(30)]) {
      assert.throws(() => read({ N: raw }), SettingsError, raw);
    }
  });
});

describe("readRoutingSettings()", () => {
  it("has the documented defaults", () => {
    const { serviceSelector, configuration } = routing({});
    assert.equal(serviceSelector, "hotroute.io/expose=true");
    assert.deepEqual(configuration, {
      keyPrefix: "hotroute.io/",
      selectorKeys: new Set(["expose"]),
      class: null,
      listens: ["8080"],
      trustedProxies: [],
      isGrpcAvailable: true,
      isRecentNginx: false,
      accessLog: "json",
      upstreamHeaders: allUpstreamHeaders,
      upstreamCaFile: null,
    });
  });

  it("the selector follows the prefix unless it is given", () => {
    assert.equal(routing({ KEY_PREFIX: "example.com/" }).serviceSelector, "example.com/expose=true");
    assert.equal(routing({ KEY_PREFIX: "example.com/", SERVICE_SELECTOR: "a in (b,c)" }).serviceSelector, "a in (b,c)");
  });

  it("parses listen addresses and trusted proxies", () => {
    const { configuration } = routing({
      HTTP_LISTEN: "8080, [::]:8080,127.0.0.1:81,8080",
      TRUSTED_PROXIES: "10.0.0.0/8, ::1",
    });
    assert.deepEqual(configuration.listens, ["8080", "[::]:8080", "127.0.0.1:81"]);
    assert.deepEqual(configuration.trustedProxies, ["10.0.0.0/8", "::1/128"]);
  });

  it("knows one address however it is written, since nginx refuses the same one twice", () => {
    const listens = (raw: string) => routing({ HTTP_LISTEN: raw }).configuration.listens;
    assert.deepEqual(listens("8080,0.0.0.0:8080"), ["8080"]);
    assert.deepEqual(listens("[::]:8080,[0::0]:8080,[FD00::1]:80"), ["[::]:8080", "[fd00::1]:80"]);
  });

  it("knows the selector's keys under the prefix", () => {
    const { selectorKeys } = routing({
      SERVICE_SELECTOR: "hotroute.io/public in (a,b),!hotroute.io/off,app=x",
    }).configuration;
    assert.deepEqual([...selectorKeys], ["public", "off"]);
  });

  it("refuses what could not stand in a configuration", () => {
    const bad: Record<string, readonly string[]> = {
      HTTP_LISTEN: ["0", "65536", "a", "8080;", "1.2.3:80", "[::1", "unix:/x", "80 default_server", ","],
      KEY_PREFIX: ["hotroute.io", "/", "a b/", "Upper/", `${"a.".repeat(130)}a/`],
      CLASS: ["Upper", "a.b", "a b"],
      TRUSTED_PROXIES: ["all", "10.0.0.0/99", "10.0.0.0/8;", "10.0.0.0/8,,"],
      UPSTREAM_HEADERS: ["X-Team", "X-Real-IP,", "Host", "X-Real-IP;"],
      SERVICE_SELECTOR: ["a\nb", "a;b", "a&b"],
    };
    for (const [name, values] of Object.entries(bad)) {
      for (const raw of values)
        assert.deepEqual(
          problemsOf(() => routing({ [name]: raw })),
          [name],
          `${name}=${raw}`,
        );
    }
  });
});

describe("parseListenAddress()", () => {
  it("takes a port, with or without an address", () => {
    const value = (raw: string) => {
      const parsed = parseListenAddress(raw);
      return parsed.ok ? parsed.value : null;
    };
    assert.deepEqual(value(":9101"), { host: null, port: 9101 });
    assert.deepEqual(value("9101"), { host: null, port: 9101 });
    assert.deepEqual(value("127.0.0.1:0"), { host: "127.0.0.1", port: 0 });
    assert.deepEqual(value("[::1]:9101"), { host: "::1", port: 9101 });
    for (const raw of ["", ":", "localhost:1", "::1:80", "1.2.3.4", "65536", "[1.2.3.4]:1", "999.1.1.1:1"]) {
      assert.equal(value(raw), null, raw);
    }
  });
});
