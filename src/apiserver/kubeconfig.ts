/** How a server is reached: its URL, its token, and (PEM) what its certificate is checked against. */
export interface ServerAccess {
  readonly url: string;
  readonly token: string | null;
  readonly ca: string | null;
}

const NAME = "hotroute";

/**
 * A kubeconfig for one server, in JSON: programs start faster with it than with YAML.
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export const kubeconfig = ({ url, token, ca }: ServerAccess): string => {
  const plain = url.startsWith("http:");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: NAME,
        cluster: {
          server: url,
          // Clients in JavaScript ask for this before they speak plain HTTP.
          ...(plain ? { "insecure-skip-tls-verify": true } : {}),
          ...(ca === null ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
        },
      },
    ],
    users: [{ name: NAME, user: token === null ? {} : { token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace: "default" } }],
    "current-context": NAME,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
};
