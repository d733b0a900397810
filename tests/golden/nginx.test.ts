import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { testConfiguration } from "../support/nginx-server.ts";
import { goldenCases, oldestNginx, readGolden } from "./case.ts";

for (const nginx of nginxBinaries) {
  describe(`golden files on nginx ${nginx.version}`, () => {
    for (const name of goldenCases()) {
      const oldest = oldestNginx(name);
      const skip = isNginxAtLeast(nginx, oldest) ? false : `needs nginx ${oldest}`;
      it(`${name} passes nginx -t without a warning`, { skip }, async () => {
        const { code, stderr } = await testConfiguration(nginx, readGolden(name, "default.conf"));
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stderr, /\[(warn|emerg|alert|crit|error)\]/);
      });
    }
  });
}
