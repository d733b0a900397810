import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  type Client,
  credentials,
  type MethodDefinition,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { type ServedSite, serve, service, subnet } from "./fixture.ts";

/** A service of two methods on bytes: `Say` answers what it was told, `Chat` says each message back as it comes. */
const method = (path: string, isStream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream: isStream,
  responseStream: isStream,
  requestSerialize: (value) => value,
  requestDeserialize: (value) => value,
  responseSerialize: (value) => value,
  responseDeserialize: (value) => value,
});
const echo = { say: method("/test.Echo/Say", false), chat: method("/test.Echo/Chat", true) };
const EchoClient = makeGenericClientConstructor(echo, "Echo");

const startEcho = async (address: string, port: number): Promise<Server> => {
  const server = new Server();
  server.addService(echo, {
    say: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      const told = call.request.toString();
      if (told === "fail") answer({ code: status.FAILED_PRECONDITION, details: "as asked" });
      else
        answer(
          null,
          Buffer.from(
            `${told} for ${String(call.metadata.get("x-forwarded-for"))}, ${String(call.metadata.get("x-team"))}`,
          ),
        );
    },
    chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return server;
};

const clientFor = (port: number, host: string): Client =>
  new EchoClient(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.default_authority": host });

const say = (client: Client, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = echo.say;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.from(text), (error, answer) => {
      if (error === null) resolve(String(answer));
      else reject(error);
    });
  });

for (const nginx of nginxBinaries) {
  const skip = isNginxAtLeast(nginx, "1.25.1") ? false : "gRPC beside HTTP/1.1 needs nginx 1.25.1";
  describe(`gRPC through nginx ${nginx.version}`, { skip }, () => {
    let folder: string;
    let site: ServedSite;
    let server: Server;
    let client: Client;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "hotroute-grpc-"));
      const port = await freePort();
      server = await startEcho(`${subnet}.60`, port);
      const keys = { host: "grpc.test", "backend-protocol": "GRPC", "request-headers": '{"X-Team":"shop"}' };
      site = await serve(nginx, [service("echo", `${subnet}.60`, port, keys)]);
      client = clientFor(site.port, "grpc.test");
    });
    after(async () => {
      client?.close();
      server?.forceShutdown();
      await site?.server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it("passes a unary call on, with the headers that are set for all", async () => {
      assert.equal(await say(client, "hello"), "hello for 127.0.0.1, shop");
    });

    it("passes a failure's status on", async () => {
      await assert.rejects(say(client, "fail"), { code: status.FAILED_PRECONDITION, details: "as asked" });
    });

    it("passes messages of a stream on as they come, both ways", async () => {
      const { path, requestSerialize, responseDeserialize } = echo.chat;
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
      const heard: string[] = [];
      await new Promise<void>((resolve, reject) => {
        call.on("error", reject);
        call.on("end", resolve);
        call.on("data", (message: Buffer) => {
          heard.push(String(message));
          // The next is said only when the one before came back: nothing on the way may wait for the end.
          if (heard.length < 5) call.write(Buffer.from(`message ${heard.length}`));
          else call.end();
        });
        call.write(Buffer.from("message 0"));
      });
      assert.deepEqual(
        heard,
        Array.from({ length: 5 }, (_, index) => `message ${index}`),
      );
    });

    it("another host is not found, and HTTP/1.1 goes on beside it", async () => {
      const stranger = clientFor(site.port, "stranger.test");
      await assert.rejects(say(stranger, "hello"), { code: status.UNIMPLEMENTED });
      stranger.close();
      assert.equal((await get({ port: site.port, host: "stranger.test", path: "/" })).status, 404);
    });
  });
}
