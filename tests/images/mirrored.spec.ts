import assert from "node:assert/strict";
import { mirrored } from "../../images/mirrored.ts";
import type { MirrorSetting } from "../../services/lib/image-mirror/rules.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const setting: MirrorSetting = {
  rules: [{ from: "docker.io", to: "mirror.test/hub" }],
  exempt: [],
  onMissing: "refuse",
};

describe("mirrored", () => {
  it("takes an image from the mirror, with its tag and digest", () => {
    assert.equal(mirrored(`docker.io/library/node:24@${digest}`, setting), `mirror.test/hub/library/node:24@${digest}`);
  });

  it("leaves an image as it is without a rule", () => {
    const image = `quay.test/node@${digest}`;
    assert.equal(mirrored(image, { rules: [], exempt: [], onMissing: "keep" }), image);
  });

  it("refuses an image that no rule covers, where the setting says so", () => {
    assert.throws(() => mirrored(`quay.test/node@${digest}`, setting), {
      name: "UserError",
      code: "image-mirror",
      message:
        /^images\.base: image "quay\.test\/node@sha256:(ab){32}" is not mirrored: use an image that a rule covers/,
    });
  });
});
