import assert from "node:assert/strict";
import type { OptIns } from "../../../components/core/labels.ts";
import { ManagedNamespace, type ManagedNamespaceArgs } from "../../../components/foundation/managed-namespace.ts";
import { outline, type Recording, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const none: OptIns = { quota: false, podDefaults: false, imageMirror: false };
const closed: ManagedNamespaceArgs = {
  namespace: "library-stacks",
  podSecurity: "baseline",
  optIns: none,
  dns: false,
};

const build = (args: ManagedNamespaceArgs): Promise<Recording<ManagedNamespace>> =>
  recordParts((opts) => new ManagedNamespace("stacks", args, opts));

const level = {
  "pod-security.kubernetes.io/enforce": "baseline",
  "pod-security.kubernetes.io/audit": "baseline",
  "pod-security.kubernetes.io/warn": "baseline",
};

const child = (type: string, name: string, inputs: Record<string, unknown>) => ({
  type,
  name,
  parent: "stacks",
  provider: "cluster",
  dependsOn: [],
  inputs,
});

const component = {
  type: "carrel:foundation:ManagedNamespace",
  name: "stacks",
  parent: "",
  provider: "",
  dependsOn: [],
  inputs: {},
};
const namespaceOf = (extra: Record<string, string>) =>
  child("kubernetes:core/v1:Namespace", "stacks-namespace", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "library-stacks", labels: { ...labels("foundation"), ...level, ...extra } },
  });
const policyOf = (part: string, name: string, spec: Record<string, unknown>) =>
  child("kubernetes:networking.k8s.io/v1:NetworkPolicy", `stacks-${part}`, {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: "library-stacks", labels: labels("foundation") },
    spec,
  });
const defaultDeny = policyOf("default-deny", "default-deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const dnsPeer = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};

describe("ManagedNamespace", () => {
  it("is a namespace at its Pod Security level in which nothing is allowed", async () => {
    const { resources, outputs } = await build(closed);
    assert.deepEqual(resources, [component, namespaceOf({}), defaultDeny]);
    assert.deepEqual(outputs, { stacks: { name: "library-stacks" } });
  });

  const contract: Readonly<Record<keyof OptIns, string>> = {
    quota: "primehub.io/resources-validation-webhook",
    podDefaults: "carrel.dev/pod-defaults",
    imageMirror: "primehub.io/image-mutation-webhook",
  };
  for (const [what, label] of Object.entries(contract)) {
    it(`opts in to ${what} by the label of the public contract, and by nothing else`, async () => {
      const { resources } = await build({ ...closed, optIns: { ...none, [what]: true } });
      assert.deepEqual(resources, [component, namespaceOf({ [label]: "enabled" }), defaultDeny]);
    });
  }

  it("opts in to all of them at once", async () => {
    const { resources } = await build({ ...closed, optIns: { quota: true, podDefaults: true, imageMirror: true } });
    const all = Object.fromEntries(Object.values(contract).map((label) => [label, "enabled"]));
    assert.deepEqual(resources, [component, namespaceOf(all), defaultDeny]);
  });

  it("opens the cluster's DNS to all its pods where asked to", async () => {
    const { resources } = await build({ ...closed, dns: true });
    assert.deepEqual(outline(resources), [
      " > carrel:foundation:ManagedNamespace stacks",
      "stacks > kubernetes:core/v1:Namespace stacks-namespace",
      "stacks > kubernetes:networking.k8s.io/v1:NetworkPolicy stacks-default-deny",
      "stacks > kubernetes:networking.k8s.io/v1:NetworkPolicy stacks-dns",
    ]);
    assert.deepEqual(
      resourceOf(resources, "stacks-dns"),
      policyOf("dns", "allow-dns", {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [
          {
            to: [dnsPeer],
            ports: [
              { protocol: "UDP", port: 53 },
              { protocol: "TCP", port: 53 },
            ],
          },
        ],
      }),
    );
  });
});
