import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtobuf } from "../../src/apiserver/protobuf/decode.ts";
import { readFields, stringField } from "../../src/apiserver/protobuf/wire.ts";
import { SERVICE } from "../../src/apiserver/schema/service.ts";

test("decodeProtobuf() refuses what is cut short or lacks its prefix", () => {
  assert.throws(() => decodeProtobuf(SERVICE, Buffer.from("{}")), SyntaxError);
  assert.throws(() => decodeProtobuf(SERVICE, Buffer.from("k8s\0\x0a\xff", "latin1")), SyntaxError);
});

test("readFields() reads strings and refuses a field that is longer than its message", () => {
  assert.deepEqual(readFields(stringField(3, "ab")), [[3, Buffer.from("ab")]]);
  assert.throws(() => readFields(stringField(3, "ab").subarray(0, 3)), RangeError);
  assert.throws(() => readFields(Buffer.from([0x08, 0xff])), RangeError);
});
