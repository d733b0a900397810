import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A key and its certificate, as PEM and as files. */
export interface KeyPair {
  readonly keyPath: string;
  readonly certPath: string;
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority in a temporary folder. */
export interface TestAuthority {
  readonly folder: string;
  readonly caPath: string;
  readonly ca: string;
  /** @param names subjectAltName, as `IP:127.0.0.1,DNS:kubernetes` */
  issue(commonName: string, names: string): Promise<KeyPair>;
  remove(): Promise<void>;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes a certificate authority with openssl. */
export const createAuthority = async (name: string): Promise<TestAuthority> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-ca-"));
  const [caPath, caKeyPath] = [join(folder, "ca.crt"), join(folder, "ca.key")];
  await run("openssl", [
    "req",
    "-x509",
    ...NEW_KEY,
    "-keyout",
    caKeyPath,
    "-out",
    caPath,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
  ]);
  let issued = 0;
  return {
    folder,
    caPath,
    ca: await readFile(caPath, "utf8"),
    issue: async (commonName, names) => {
      issued += 1;
      const path = (suffix: string): string => join(folder, `${issued}.${suffix}`);
      const [keyPath, certPath] = [path("key"), path("crt")];
      await writeFile(path("ext"), `subjectAltName=${names}\n`);
      await run("openssl", ["req", ...NEW_KEY, "-keyout", keyPath, "-out", path("csr"), "-subj", `/CN=${commonName}`]);
      const signing = ["-CA", caPath, "-CAkey", caKeyPath, "-CAcreateserial", "-days", "2", "-extfile", path("ext")];
      await run("openssl", ["x509", "-req", "-in", path("csr"), "-out", certPath, ...signing]);
      const [key, cert] = await Promise.all([readFile(keyPath, "utf8"), readFile(certPath, "utf8")]);
      return { keyPath, certPath, key, cert };
    },
    remove: () => rm(folder, { recursive: true }),
  };
};
