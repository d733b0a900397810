import { access as checkAccess, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { type KubeAccess, KubeConfigError } from "./access.ts";
import { createDirectAccess, type Material } from "./direct-access.ts";
import { type JsonObject, jsonObject, jsonText } from "./json.ts";
import type { SelectedContext } from "./kubeconfig.ts";
import { createPluginAccess } from "./plugin-access.ts";

const fail = (selected: SelectedContext, problem: string, todo: string): never => {
  throw new KubeConfigError(`kubeconfig ${selected.path}: context ${selected.context}: ${problem}; ${todo}`);
};

const readServer = (selected: SelectedContext): string => {
  const raw = jsonText(selected.cluster.body.server);
  const url = URL.parse(raw);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    const shown = raw === "" ? "no server" : `server ${raw}, which is not an http or https URL`;
    return fail(selected, `cluster ${selected.clusterName} has ${shown}`, "correct it");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
};

/** `NAME-data` in base64 wins over the file NAME, as with kubectl. */
const readMaterialOf = (selected: SelectedContext, body: JsonObject, name: string, what: string): Material | null => {
  const data = jsonText(body[`${name}-data`]);
  if (data !== "") {
    if (!/^[A-Za-z0-9+/=\s]+$/.test(data)) return fail(selected, `${what}: ${name}-data is not base64`, "correct it");
    return { kind: "data", data: Buffer.from(data, "base64") };
  }
  const path = jsonText(body[name]);
  return path === "" ? null : { kind: "file", path };
};

const requireFile = async (selected: SelectedContext, material: Material | null, what: string): Promise<void> => {
  if (material?.kind !== "file") return;
  try {
    await checkAccess(material.path, constants.R_OK);
  } catch {
    fail(selected, `${what} ${material.path} cannot be read`, "put it there, or correct its path");
  }
};

const onPath = async (command: string, path: string): Promise<boolean> => {
  const candidates = command.includes("/")
    ? [command]
    : path.split(delimiter).map((folder) => join(folder || ".", command));
  for (const candidate of candidates) {
    if (
      await checkAccess(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    ) {
      return true;
    }
  }
  return false;
};

const requireExec = async (selected: SelectedContext, exec: JsonObject, path: string): Promise<void> => {
  const command = jsonText(exec.command);
  if (command === "") fail(selected, `user ${selected.userName}: exec has no command`, "correct it");
  if (await onPath(command, path)) return;
  const hint = jsonText(exec.installHint).split("\n")[0];
  const where = isAbsolute(command) ? "does not exist or is not executable" : "is not on PATH";
  fail(selected, `user ${selected.userName}: the exec plugin ${command} ${where}`, hint || "install it");
};

const impersonation = (user: JsonObject): Record<string, string | string[]> => {
  const as = jsonText(user.as);
  const uid = jsonText(user["as-uid"]);
  const rawGroups = user["as-groups"];
  const groups = Array.isArray(rawGroups) ? rawGroups.filter((group) => typeof group === "string") : [];
  return {
    ...(as === "" ? {} : { "impersonate-user": as }),
    ...(uid === "" ? {} : { "impersonate-uid": uid }),
    ...(groups.length === 0 ? {} : { "impersonate-group": groups }),
  };
};

const tokenOf = (user: JsonObject): Material | null => {
  // As in client-go: the file wins, the literal is what it starts from.
  const path = jsonText(user.tokenFile);
  if (path !== "") return { kind: "file", path };
  const token = jsonText(user.token);
  return token === "" ? null : { kind: "data", data: Buffer.from(token) };
};

const directAccess = async (selected: SelectedContext, server: string, ca: Material | null): Promise<KubeAccess> => {
  const { cluster, user } = { cluster: selected.cluster.body, user: selected.user.body };
  const cert = readMaterialOf(selected, user, "client-certificate", `user ${selected.userName}`);
  const key = readMaterialOf(selected, user, "client-key", `user ${selected.userName}`);
  const token = tokenOf(user);
  await requireFile(selected, cert, "the client certificate");
  await requireFile(selected, key, "the client key");
  await requireFile(selected, token, "the token file");
  const username = jsonText(user.username);
  return createDirectAccess({
    source: selected.path,
    server,
    namespace: selected.namespace,
    ca,
    cert,
    key,
    serverName: jsonText(cluster["tls-server-name"]) || null,
    verify: cluster["insecure-skip-tls-verify"] === true ? "nothing" : "certificate",
    token,
    basic: username === "" ? null : { username, password: jsonText(user.password) },
    headers: impersonation(user),
  });
};

/**
 * Access by a kubeconfig's current context.
 *
 * @param path the environment's PATH, to look for an exec plugin
 * @throws KubeConfigError when something that it names is missing or malformed
 */
export const accessFromContext = async (selected: SelectedContext, path: string): Promise<KubeAccess> => {
  const server = readServer(selected);
  const cluster = selected.cluster.body;
  const ca = readMaterialOf(selected, cluster, "certificate-authority", `cluster ${selected.clusterName}`);
  await requireFile(selected, ca, "the certificate authority");
  const exec = jsonObject(selected.user.body.exec);
  const needsPlugin = exec !== null || jsonObject(selected.user.body["auth-provider"]) !== null;
  const proxy = jsonText(cluster["proxy-url"]);
  if (!needsPlugin && proxy === "") return await directAccess(selected, server, ca);
  if (exec !== null) await requireExec(selected, exec, path);
  return createPluginAccess({
    source: selected.path,
    server,
    namespace: selected.namespace,
    cluster,
    user: selected.user.body,
  });
};
