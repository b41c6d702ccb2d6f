import assert from "node:assert/strict";
import { nearestPath } from "../../config/paths.ts";

describe("nearestPath", () => {
  const expected: Readonly<Record<string, string | undefined>> = {
    hots: "host",
    HOST: "host",
    image: "images",
    logLevel: "admission.logLevel",
    "images.bse": "images.base",
    "admisson.replicas": "admission.replicas",
    "cluster.registry": "images.registry",
    "certificates.validDays": "certificates.validityDays",
    "quota.accelerator": "quota.accelerators",
    mirrorImage: undefined,
    imagemirror: "imageMirror",
    "imageMirror.onmising": "imageMirror.onMissing",
    "podDefaults.failPolicy": "podDefaults.failurePolicy",
    labxx: "lab",
    labxxx: undefined,
    "images.telemetry": undefined,
  };
  for (const [wrong, path] of Object.entries(expected)) {
    it(`of ${wrong} is ${path ?? "none"}`, () => assert.equal(nearestPath(wrong), path));
  }
});
