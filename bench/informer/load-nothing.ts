// The program that is measured: Node with its https module loaded, and nothing else.
import { Agent } from "node:https";

process.stdout.write(`${new Agent().maxFreeSockets > 0 ? 0 : 1}\n`);
setInterval(() => {}, 1_000_000);
