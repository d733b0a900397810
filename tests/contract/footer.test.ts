import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { checkFooter, footerLength, sealFile } from "../../src/contract/footer.ts";
import { withFooter } from "../support/footer.ts";

describe("checkFooter()", () => {
  const whole = Buffer.from(withFooter("server {\n}\n"));

  it("knows a whole file, an empty one too", () => {
    assert.equal(checkFooter(whole), "whole");
    assert.equal(checkFooter(Buffer.from(withFooter(""))), "whole");
    assert.equal(Buffer.from(withFooter("")).length, footerLength);
  });

  it("takes no part of a file for the whole", () => {
    for (let length = 0; length < whole.length; length += 1) {
      assert.notEqual(checkFooter(whole.subarray(0, length)), "whole", `${length} bytes`);
    }
  });

  it("sees a byte that was changed above the footer", () => {
    const changed = Buffer.from(whole);
    changed[0] = "S".charCodeAt(0);
    assert.equal(checkFooter(changed), "damaged");
  });

  it("says none of a hand-written file", () => {
    assert.equal(checkFooter(Buffer.from("server { listen 80; }\n".repeat(10))), "none");
    assert.equal(checkFooter(Buffer.alloc(0)), "none");
  });
});

describe("sealFile()", () => {
  it("makes the file that withFooter() makes, and knows its size and hash", () => {
    for (const texts of [[], [""], ["server {\n", "}\n"], ["# é\n", "", "# ü\n"]]) {
      const { pieces, sizeBytes, sha256 } = sealFile(texts.map((text) => Buffer.from(text)));
      const whole = Buffer.concat(pieces);
      assert.equal(whole.toString(), withFooter(texts.join("")));
      assert.equal(checkFooter(whole), "whole");
      assert.equal(sizeBytes, whole.length);
      assert.equal(sha256, createHash("sha256").update(whole).digest("hex"));
    }
  });
});
