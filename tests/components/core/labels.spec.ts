import assert from "node:assert/strict";
import {
  commonLabels,
  ENABLED,
  type PodSecurityLevel,
  podSecurityLabels,
  QUOTA_NAMESPACE_LABEL,
  selectorLabels,
} from "../../../components/core/labels.ts";

describe("labels", () => {
  it("mark every object with the platform, its part and who manages it", () => {
    assert.deepEqual(commonLabels("hub"), {
      "app.kubernetes.io/part-of": "carrel",
      "app.kubernetes.io/managed-by": "pulumi",
      "app.kubernetes.io/component": "hub",
    });
  });

  it("select pods by what never changes", () => {
    assert.deepEqual(selectorLabels("hub"), {
      "app.kubernetes.io/part-of": "carrel",
      "app.kubernetes.io/name": "hub",
    });
  });

  for (const level of ["privileged", "baseline", "restricted"] satisfies PodSecurityLevel[]) {
    it(`set Pod Security ${level} in every mode`, () => {
      assert.deepEqual(podSecurityLabels(level), {
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/audit": level,
        "pod-security.kubernetes.io/warn": level,
      });
    });
  }

  it("keep PrimeHub's label for namespaces with quota", () => {
    assert.deepEqual([QUOTA_NAMESPACE_LABEL, ENABLED], ["primehub.io/resources-validation-webhook", "enabled"]);
  });
});
