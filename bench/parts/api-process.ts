// The embedded API server in a process of its own, so that its work does not stand in the way of the benchmark's clock.
// Says where it is as one line of JSON, and ends when its standard input does.
import { startEmbeddedApiServer } from "../../tests/support/embedded-apiserver.ts";

const server = await startEmbeddedApiServer();
console.log(JSON.stringify({ url: server.url, kubeconfigPath: server.kubeconfigPath }));
process.stdin.resume();
process.stdin.once("end", () => void server.stop().then(() => process.exit(0)));
