import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { goldenCases, goldenFolder, problemsText, readGolden, runGolden } from "./case.ts";

const isUpdate = process.env.UPDATE_GOLDEN === "1";

describe("golden cases", () => {
  for (const name of goldenCases()) {
    it(`${name} renders as written down`, () => {
      const result = runGolden(name);
      const wanted = { "default.conf": result.text, "problems.txt": problemsText(result) };
      for (const [file, text] of Object.entries(wanted)) {
        if (isUpdate) writeFileSync(join(goldenFolder, name, file), text);
        else assert.equal(text, readGolden(name, file), `${name}/${file}: look at the difference, then npm run golden`);
      }
    });

    it(`${name} gives the same bytes and problems in any order`, () => {
      const wanted = runGolden(name);
      const reversed = runGolden(name, (services) => services.toReversed());
      // Each rotation makes another Service the first to arrive.
      const rotated = runGolden(name, (services) => [...services.slice(1), ...services.slice(0, 1)]);
      for (const result of [reversed, rotated]) {
        assert.equal(result.text, wanted.text);
        assert.equal(problemsText(result), problemsText(wanted));
      }
    });
  }
});
