import assert from "node:assert/strict";
import { ownProbes, spreadOverNodes } from "../../../components/core/own-pod.ts";

describe("ownProbes", () => {
  it("ask for life and readiness, on the port of metrics or another", () => {
    const asked = (action: object) => ({
      startupProbe: {
        httpGet: { path: "/livez", ...action },
        periodSeconds: 1,
        timeoutSeconds: 2,
        failureThreshold: 60,
      },
      livenessProbe: {
        httpGet: { path: "/livez", ...action },
        periodSeconds: 5,
        timeoutSeconds: 2,
        failureThreshold: 6,
      },
      readinessProbe: {
        httpGet: { path: "/readyz", ...action },
        ...{ periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
      },
    });
    assert.deepEqual(ownProbes(), asked({ port: "metrics" }));
    assert.deepEqual(ownProbes({ port: "https", scheme: "HTTPS" }), asked({ port: "https", scheme: "HTTPS" }));
  });
});

describe("spreadOverNodes", () => {
  it("prefers different nodes and insists on none", () => {
    assert.deepEqual(spreadOverNodes({ app: "a" }), [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { app: "a" } },
      },
    ]);
  });
});
