import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { waitFor } from "../support/wait.ts";

describe("startCountingProxy()", () => {
  it("counts requests on one connection, a line in two pieces and a body like a request included, and every byte", async () => {
    const server = createServer((request, response) => request.resume().on("end", () => response.end("answer")));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const proxy = await startCountingProxy(`http://127.0.0.1:${address.port}`);
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    try {
      let received = "";
      socket.setEncoding("latin1").on("data", (text: string) => {
        received += text;
      });
      const answers = (): number => received.split("answer").length - 1;
      const body = JSON.stringify({ text: "GET /no HTTP/1.1\r\n" });
      const pieces = [
        "GET /api/v1/serv",
        "ices?watch=true HTTP/1.1\r\nHost: x\r\n\r\n",
        `POST /apis/events HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ];
      let sent = "";
      for (const piece of pieces) {
        socket.write(piece);
        sent += piece;
        // Each piece is seen by itself.
        await waitFor("the piece", () => proxy.peek().sentBytes === sent.length);
      }
      await waitFor("both answers", () => answers() === 2);
      const traffic = proxy.take();
      assert.deepEqual(traffic.requests, ["GET /api/v1/services", "POST /apis/events"]);
      assert.equal(traffic.sentBytes, sent.length);
      assert.equal(traffic.receivedBytes, received.length);
      assert.deepEqual(proxy.take(), { requests: [], sentBytes: 0, receivedBytes: 0 });
    } finally {
      socket.destroy();
      await proxy.stop();
      server.close();
      server.closeAllConnections();
    }
  });
});
