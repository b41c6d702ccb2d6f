import assert from "node:assert/strict";
import { NONROOT_UID, restrictedContainer, restrictedPod } from "../../../components/core/pod-security.ts";
import { NONROOT } from "../../../images/node-base.ts";

describe("pod security", () => {
  it("is what the level restricted asks of a pod, with a numeric user", () => {
    assert.deepEqual(restrictedPod, {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("is what the level restricted asks of a container, with a read-only root", () => {
    assert.deepEqual(restrictedContainer, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("names the user that our images run as", () => {
    assert.equal(NONROOT_UID, NONROOT);
  });
});
