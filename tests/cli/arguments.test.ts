import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseCommand } from "../../src/cli/arguments.ts";
import { help } from "../../src/cli/help.ts";

const mistake = (...args: readonly string[]): string => {
  const command = parseCommand(args);
  return command.kind === "mistake" ? command.message : `no mistake: ${JSON.stringify(command)}`;
};

describe("parseCommand()", () => {
  it("reads each command with its options, in any order", () => {
    assert.deepEqual(parseCommand(["render"]), {
      kind: "render",
      inputs: [],
      namespace: "default",
      clusterIP: null,
      isVerbose: false,
      outputFile: null,
      isChecked: false,
      isStrict: false,
    });
    const args = ["--strict", "render", "a.yaml", "--check", "-", "--output=out.conf", "-v", "--cluster-ip", "::1"];
    assert.deepEqual(parseCommand([...args, "--namespace", "team-a"]), {
      kind: "render",
      inputs: ["a.yaml", "-"],
      namespace: "team-a",
      clusterIP: "::1",
      isVerbose: true,
      outputFile: "out.conf",
      isChecked: true,
      isStrict: true,
    });
    const lint = parseCommand(["lint", "--output", "github", "k8s"]);
    assert.deepEqual([lint.kind, "format" in lint && lint.format], ["lint", "github"]);
    const explain = parseCommand(["explain", "shop.example.com", "k8s", "-"]);
    assert.deepEqual(
      ["url" in explain && explain.url, "inputs" in explain && explain.inputs],
      ["shop.example.com", ["k8s", "-"]],
    );
  });

  it("takes what follows -- for a file", () => {
    const command = parseCommand(["lint", "--", "--output"]);
    assert.deepEqual("inputs" in command && command.inputs, ["--output"]);
  });

  it("gives help and the version whatever else is there", () => {
    for (const args of [["--help"], ["-h"], ["help"], ["lint", "--help"], ["render", "--check", "-h"]]) {
      assert.deepEqual(parseCommand(args), { kind: "help" }, args.join(" "));
    }
    assert.deepEqual(parseCommand(["--version"]), { kind: "version" });
  });

  it("says what is wrong in one line, with what was meant", () => {
    assert.equal(mistake(), "expected a command: render, lint, explain");
    assert.equal(mistake("rendr"), 'no command "rendr"; did you mean render?');
    assert.equal(mistake("deploy"), 'no command "deploy"');
    assert.equal(mistake("lint", "--outptu=json"), "no option --outptu; did you mean --output?");
    assert.equal(mistake("render", "--strictly-speaking"), "no option --strictly-speaking");
    assert.equal(mistake("render", "-x"), "no option -x");
    assert.equal(mistake("lint", "--check"), "lint has no option --check");
    assert.equal(mistake("explain", "u", "--output", "json"), "explain has no option --output");
    assert.equal(mistake("lint", "--output", "xml"), "--output: expected one of human, json, github");
    assert.equal(mistake("render", "--output"), "--output needs a value");
    assert.equal(mistake("render", "--output", "--check"), "--output needs a value");
    assert.equal(mistake("render", "--check=yes"), "--check takes no value");
    assert.equal(mistake("render", "--namespace", "No_Label"), "--namespace: expected a DNS label (team-a)");
    assert.equal(mistake("render", "--cluster-ip", "10.0.0"), "--cluster-ip: expected an IP address (127.0.0.1)");
    assert.match(mistake("explain"), /^explain needs a URL/);
  });
});

describe("the help", () => {
  it("fits on a screen", () => {
    const lines = help.split("\n");
    assert.ok(lines.length <= 40, `${lines.length} lines`);
    assert.deepEqual(
      lines.filter((line) => line.length > 110),
      [],
    );
  });

  it("names every command and option, and so does docs/cli.md", () => {
    const options = [
      "--output",
      "--check",
      "--strict",
      "--namespace",
      "--cluster-ip",
      "--verbose",
      "--help",
      "--version",
    ];
    const page = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
    for (const word of [...options, "render", "lint", "explain"]) {
      assert.ok(help.includes(word), word);
      assert.ok(page.includes(`\`${word}`) || page.includes(`hotroute ${word}`), `docs/cli.md: ${word}`);
    }
  });
});
