import { describe, test } from "node:test";
import { serversUnderTest } from "./servers.ts";
import { applySuite } from "./suites/applies.ts";
import { compactionSuite } from "./suites/compactions.ts";
import { eventSuite } from "./suites/events.ts";
import { listSuite } from "./suites/lists.ts";
import { objectSuite } from "./suites/objects.ts";
import { patchSuite } from "./suites/patches.ts";
import { protobufSuite } from "./suites/protobufs.ts";
import { protocolSuite } from "./suites/protocol.ts";
import { watchSuite } from "./suites/watches.ts";

const SUITES = {
  objects: objectSuite,
  lists: listSuite,
  watches: watchSuite,
  patches: patchSuite,
  "server-side apply": applySuite,
  events: eventSuite,
  protocol: protocolSuite,
};

// One file for all: kube-apiserver takes seconds to start. Each test has a namespace of its own, so they run together.
for (const { kind, missing, server } of serversUnderTest()) {
  describe(kind, { concurrency: true }, () => {
    for (const [name, suite] of Object.entries(SUITES)) {
      describe(name, { concurrency: true }, () => {
        if (missing === null) suite(server);
        else test(name, (t) => t.skip(missing));
      });
    }
    if (kind === "kube-apiserver" && missing === null) describe("protobuf", () => protobufSuite(server));
  });
  // The last: a compaction takes the history of all the others with it.
  describe(`${kind}: compaction`, () => {
    if (missing === null) compactionSuite(server);
    else test("compaction", (t) => t.skip(missing));
  });
}
