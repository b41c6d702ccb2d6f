import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { toDns } from "../../../components/core/network.ts";
import { toInternet } from "../../../components/hub/internet.ts";
import { NotebookPolicy } from "../../../components/hub/notebook-policy.ts";
import { recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const inHub = (program: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "library-hub" } },
  podSelector: { matchLabels: { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": program } },
});

describe("NotebookPolicy", () => {
  it("lets the proxy and the hub in, and out to the hub, DNS and the internet", async () => {
    const controlPlaneCidrs = ["192.0.2.0/24"];
    const { resources } = await recordParts(
      (opts) =>
        new NotebookPolicy(
          "notebooks",
          { namespace: pulumi.output("library-work"), hubNamespace: "library-hub", controlPlaneCidrs },
          opts,
        ),
    );
    assert.deepEqual(resources, [
      { type: "carrel:hub:NotebookPolicy", name: "notebooks", parent: "", provider: "", dependsOn: [], inputs: {} },
      {
        type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        name: "notebooks-network-policy",
        parent: "notebooks",
        provider: "cluster",
        dependsOn: [],
        inputs: {
          apiVersion: "networking.k8s.io/v1",
          kind: "NetworkPolicy",
          metadata: { name: "notebook-servers", namespace: "library-work", labels: labels("hub") },
          spec: {
            podSelector: { matchLabels: { component: "singleuser-server" } },
            policyTypes: ["Ingress", "Egress"],
            ingress: [{ from: [inHub("proxy"), inHub("hub")], ports: [{ protocol: "TCP", port: 8888 }] }],
            egress: [
              { to: [inHub("hub")], ports: [{ protocol: "TCP", port: 8081 }] },
              toDns,
              toInternet(controlPlaneCidrs),
            ],
          },
        },
      },
    ]);
  });
});
