import assert from "node:assert/strict";
import {
  commonLabels,
  ENABLED,
  IMAGE_MIRROR_NAMESPACE_LABEL,
  type OptIns,
  optInLabels,
  POD_DEFAULTS_NAMESPACE_LABEL,
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

  it("keep PrimeHub's labels for namespaces with quota and the mirror, and have one for PodDefaults", () => {
    assert.deepEqual(
      [QUOTA_NAMESPACE_LABEL, IMAGE_MIRROR_NAMESPACE_LABEL, POD_DEFAULTS_NAMESPACE_LABEL, ENABLED],
      [
        "primehub.io/resources-validation-webhook",
        "primehub.io/image-mutation-webhook",
        "carrel.dev/pod-defaults",
        "enabled",
      ],
    );
  });

  const none: OptIns = { quota: false, podDefaults: false, imageMirror: false };
  const optIns: readonly [OptIns, Record<string, string>][] = [
    [none, {}],
    [{ ...none, quota: true }, { [QUOTA_NAMESPACE_LABEL]: "enabled" }],
    [{ ...none, podDefaults: true }, { [POD_DEFAULTS_NAMESPACE_LABEL]: "enabled" }],
    [{ ...none, imageMirror: true }, { [IMAGE_MIRROR_NAMESPACE_LABEL]: "enabled" }],
  ];
  for (const [given, labels] of optIns) {
    it(`opt a namespace in to ${JSON.stringify(given)}, and leave out what it does not want`, () => {
      assert.deepEqual(optInLabels(given), labels);
    });
  }
});
