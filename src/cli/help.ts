/** What `hotroute --help` prints: one screen. */
export const help = `hotroute: what the cluster will make of your Services, before it does

  hotroute render  [FILE|FOLDER|-]...      writes nginx's configuration to standard output
  hotroute lint    [FILE|FOLDER|-]...      says what is wrong, and where
  hotroute explain URL [FILE|FOLDER|-]...  says which Service answers a URL, and why

Services are read from YAML or JSON: files, folders (*.yaml, *.yml, *.json at any depth), or standard
input. Other objects, and Services without the label hotroute.io/expose=true, are skipped.

render
  --output FILE         write to a file instead
  --check               also run nginx -t on it (NGINX_BIN, or nginx on PATH)
  --strict              exit 1 when there are problems
lint
  --output FORMAT       human (default), json, or github: annotations in a workflow
all
  --namespace NAME      of objects that name none (default: default)
  --cluster-ip ADDRESS  of Services that have none (default: a stand-in of 198.18.0.0/15 for each)
  -v, --verbose         say what is skipped, and why
  -h, --help, --version

The settings are those of init and generator, from the environment: SERVICE_SELECTOR, KEY_PREFIX, CLASS,
NAMESPACES, HOST_POLICY, HTTP_LISTEN and what else decides the configuration.

Exit codes: 0 all is well; 1 problems (lint, render --strict), nginx -t failed, or nobody answers the URL;
2 a mistake in the command, in a setting, or a file that cannot be read.

  kubectl get services -A -o yaml | hotroute explain https://shop.example.com/cart
  helm template ./chart | hotroute lint --output github
`;
