import assert from "node:assert/strict";
import fc from "fast-check";
import { compareVersions, isAtLeast, laterVersion } from "../../../../services/lib/kube/resource-version.ts";

const version = fc.bigInt({ min: 1n, max: 2n ** 80n });

describe("resource versions", () => {
  it("compare as integers of any size", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        assert.equal(Math.sign(compareVersions(String(a), String(b))), a < b ? -1 : a > b ? 1 : 0);
        assert.equal(isAtLeast(String(a), String(b)), a >= b);
        assert.equal(laterVersion(String(a), String(b)), String(a > b ? a : b));
      }),
    );
  });

  it("order neighbours above 2^53 and across a new digit", () => {
    assert.ok(compareVersions("9007199254740992", "9007199254740993") < 0);
    assert.ok(compareVersions("1000", "999") > 0);
  });

  it("take an empty version as before all others", () => {
    fc.assert(
      fc.property(version, (a) => {
        assert.deepEqual(
          [
            isAtLeast(String(a), ""),
            isAtLeast("", String(a)),
            laterVersion("", String(a)),
            laterVersion(String(a), ""),
          ],
          [true, false, String(a), String(a)],
        );
      }),
    );
    assert.deepEqual([compareVersions("", ""), isAtLeast("", ""), laterVersion("", "")], [0, true, ""]);
  });
});
