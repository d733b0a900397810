import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFinalRefusal, readComplaint } from "../../src/reloader/nginx-message.ts";

const release = "/run/hotroute/releases/abc/conf.d";
const read = (text: string) => readComplaint(text, release, "/etc/nginx/conf.d");

describe("readComplaint()", () => {
  it("gives the words of nginx -t, with the path that a person knows, and the place", () => {
    const text = `nginx: [warn] conflicting server name "a" on 0.0.0.0:80, ignored
nginx: [emerg] unknown directive "x" in ${release}/default.conf:7
nginx: configuration file /run/hotroute/candidate.conf test failed\n`;
    assert.deepEqual(read(text), {
      message: 'unknown directive "x" in /etc/nginx/conf.d/default.conf:7',
      at: { file: "default.conf", line: 7 },
    });
  });

  it("gives the words of the error log, each once", () => {
    const bind = "2026/11/21 12:02:28 [emerg] 5093#5093: bind() to 127.0.0.1:81 failed (98: Address already in use)\n";
    const text = `${bind.repeat(5)}2026/11/21 12:02:28 [emerg] 5093#5093: still could not bind()\n`;
    assert.deepEqual(read(text), {
      message: "bind() to 127.0.0.1:81 failed (98: Address already in use)",
      at: null,
    });
  });

  it("points to no file outside the configuration directory", () => {
    const { message, at } = read('nginx: [emerg] unknown directive "y" in /etc/passwd:3\n');
    assert.deepEqual({ message, at }, { message: 'unknown directive "y" in /etc/passwd:3', at: null });
    assert.equal(read(`nginx: [emerg] z in ${release}/sub/x.conf:3\n`).at, null);
  });

  it("gives whatever was said when nothing is marked", () => {
    assert.deepEqual(read("no such library\n"), { message: "no such library", at: null });
  });

  it("cuts to 4 KiB without cutting a character", () => {
    const { message } = read(`nginx: [emerg] ${"é".repeat(5000)}`);
    assert.equal(Buffer.byteLength(message), 4096);
    assert.match(message, /^é+$/);
    assert.equal(Buffer.byteLength(read(`nginx: [emerg] x${"é".repeat(5000)}`).message), 4095);
  });
});

describe("isFinalRefusal()", () => {
  const line = (text: string): string => `2026/11/21 12:02:28 [emerg] 1#1: ${text}\n`;
  it("is not a port that nginx still tries to bind", () => {
    assert.equal(isFinalRefusal(""), false);
    assert.equal(isFinalRefusal(line("bind() to 127.0.0.1:81 failed (98: Address already in use)")), false);
  });
  it("is when it gave up, and any other emergency", () => {
    assert.equal(isFinalRefusal(line("still could not bind()")), true);
    assert.equal(isFinalRefusal(line('the "x" zone conflicts with something')), true);
  });
});
