import assert from "node:assert/strict";
import { partLine, partsHealth, type Workload } from "../../lab/platform/parts-health.ts";

const workload = (name: string, component: string, ready: number, wanted: number, seen = 1): Workload => ({
  metadata: { name, namespace: "n", generation: 1, labels: { "app.kubernetes.io/component": component } },
  spec: { replicas: wanted },
  status: { readyReplicas: ready, observedGeneration: seen },
});

describe("partsHealth", () => {
  it("is of each part what its workloads are", () => {
    const workloads = [
      workload("postgres", "identity", 1, 1),
      workload("keycloak", "identity", 0, 1),
      workload("admission", "admission", 2, 2),
      workload("hub", "hub", 1, 1, 0),
    ];
    assert.deepEqual(partsHealth(workloads, undefined), [
      { part: "admission", isReady: true, detail: "admission 2/2" },
      { part: "hub", isReady: false, detail: "hub 1/1" },
      { part: "identity", isReady: false, detail: "keycloak 0/1, postgres 1/1" },
    ]);
  });

  it("has of exposure the Gateway, and what serves it where that is the platform's", () => {
    assert.deepEqual(partsHealth([], true), [{ part: "exposure", isReady: true, detail: "Gateway programmed" }]);
    assert.deepEqual(partsHealth([], false), [{ part: "exposure", isReady: false, detail: "Gateway not programmed" }]);
    assert.deepEqual(partsHealth([workload("traefik", "exposure", 1, 2)], true), [
      { part: "exposure", isReady: false, detail: "traefik 1/2, Gateway programmed" },
    ]);
  });

  it("counts a workload of which nothing is known as not there", () => {
    const unknown: Workload = { metadata: { name: "api", generation: 1 } };
    assert.deepEqual(partsHealth([unknown], undefined), [{ part: "api", isReady: false, detail: "api 0/1" }]);
  });
});

describe("partLine", () => {
  it("stands out where something is wrong", () => {
    assert.deepEqual(
      [true, false].map((isReady) => partLine({ part: "hub", isReady, detail: "hub 1/1" })),
      ["  hub          ready      hub 1/1", "  hub          NOT READY  hub 1/1"],
    );
  });
});
