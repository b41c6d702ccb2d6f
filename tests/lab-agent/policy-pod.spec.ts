import assert from "node:assert/strict";
import { policyPod } from "../../lab/agent/policy-types.ts";
import type { KubeObject } from "../../services/lib/kube/types.ts";

const read = (spec: object, status: object) =>
  policyPod({ metadata: { name: "a", namespace: "app", uid: "1", managedFields: [{}] }, spec, status } as KubeObject);

describe("policyPod", () => {
  const running = { phase: "Running", podIP: "10.200.0.2", podIPs: [{ ip: "fd00::2" }, { ip: "10.200.0.2" }] };

  it("keeps names, address and named ports, also of sidecars, and nothing else", () => {
    const spec = {
      containers: [{ ports: [{ name: "http", containerPort: 80 }, { containerPort: 81 }] }],
      initContainers: [
        { ports: [{ name: "setup", containerPort: 82 }] },
        { restartPolicy: "Always", ports: [{ name: "mesh", protocol: "UDP", containerPort: 83 }] },
      ],
    };
    assert.deepEqual(read(spec, running), {
      metadata: { name: "a", namespace: "app", uid: "1" },
      address: "10.200.0.2",
      namedPorts: [
        { name: "http", protocol: "TCP", port: 80 },
        { name: "mesh", protocol: "UDP", port: 83 },
      ],
    });
  });

  const withoutAddress = {
    "of the host's network": [{ hostNetwork: true }, running],
    "that succeeded": [{}, { ...running, phase: "Succeeded" }],
    "that failed": [{}, { ...running, phase: "Failed" }],
    "that is not yet connected": [{}, { phase: "Pending" }],
    "of IPv6 only": [{}, { phase: "Running", podIP: "fd00::2" }],
  } as const;
  for (const [what, [spec, status]] of Object.entries(withoutAddress)) {
    it(`gives a pod ${what} no address`, () => assert.equal(read(spec, status).address, undefined));
  }
});
