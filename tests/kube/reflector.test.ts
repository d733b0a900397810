import { after, before, describe } from "node:test";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { API_SERVERS } from "./fixture.ts";
import { accessTests } from "./reflector/access.ts";
import { connectionFaultTests } from "./reflector/connection-faults.ts";
import { contentFaultTests } from "./reflector/content-faults.ts";
import { expiryTests } from "./reflector/expiry.ts";
import { listAndWatchTests } from "./reflector/list-and-watch.ts";
import { requestTests } from "./reflector/requests.ts";
import { stopTests } from "./reflector/stop.ts";

for (const { name, skip, start } of API_SERVERS) {
  describe(`reflector against ${name}`, { skip }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());
    const given = (): TestApiServer => server;
    describe("list and watch", () => listAndWatchTests(given));
    describe("expired resourceVersions", () => expiryTests(given));
    describe("faults of the connection", () => connectionFaultTests(given));
    describe("faults of the content", () => contentFaultTests(given));
    describe("credentials and permissions", () => accessTests(given));
    describe("requests", () => requestTests(given));
    describe("stop()", () => stopTests(given));
  });
}
