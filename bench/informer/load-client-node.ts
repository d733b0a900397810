// The program that is measured: client-node's KubeConfig alone, by its own module.
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";

new KubeConfig().loadFromDefault();
process.stdout.write("0\n");
setInterval(() => {}, 1_000_000);
