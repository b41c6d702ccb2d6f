import assert from "node:assert/strict";
import { blocks, fromGateway, namespace, tcp, toApiServer, toDns } from "../../../components/core/network.ts";

describe("network policy rules", () => {
  it("name TCP ports by number and by name", () => {
    assert.deepEqual(tcp(443, "webhook"), [
      { protocol: "TCP", port: 443 },
      { protocol: "TCP", port: "webhook" },
    ]);
    assert.deepEqual(tcp(), []);
  });

  it("take ranges of addresses of both families", () => {
    assert.deepEqual(blocks(["10.0.0.0/8", "fd00::/64"]), [
      { ipBlock: { cidr: "10.0.0.0/8" } },
      { ipBlock: { cidr: "fd00::/64" } },
    ]);
    assert.deepEqual(blocks([]), []);
  });

  it("select a namespace by the label that Kubernetes sets, not by one that somebody can add", () => {
    assert.deepEqual(namespace("carrel-monitoring"), {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "carrel-monitoring" } },
    });
  });

  it("reach the API server at its own address, on the ports of every distribution", () => {
    assert.deepEqual(toApiServer(["192.0.2.7/32"]), {
      to: [{ ipBlock: { cidr: "192.0.2.7/32" } }],
      ports: [
        { protocol: "TCP", port: 443 },
        { protocol: "TCP", port: 6443 },
      ],
    });
  });

  it("reach the cluster's DNS and nothing else of kube-system", () => {
    assert.deepEqual(toDns, {
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
      ],
      ports: [
        { protocol: "UDP", port: 53 },
        { protocol: "TCP", port: 53 },
      ],
    });
  });

  it("name a gateway by its pods' namespace and its other addresses", () => {
    const inNamespace = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "edge" } } };
    assert.deepEqual(fromGateway({ namespace: "edge", cidrs: [] }), [inNamespace]);
    assert.deepEqual(fromGateway({ namespace: "edge", cidrs: ["192.0.2.7/32"] }), [
      inNamespace,
      { ipBlock: { cidr: "192.0.2.7/32" } },
    ]);
  });
});
