import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, type OptIns, optInLabels, type PodSecurityLevel, podSecurityLabels } from "../core/labels.ts";
import { toDns } from "../core/network.ts";

export interface ManagedNamespaceArgs {
  readonly namespace: string;
  readonly podSecurity: PodSecurityLevel;
  readonly optIns: OptIns;
  /** Whether its pods may ask the cluster's DNS. */
  readonly dns: boolean;
}

/** A namespace that lets nothing in or out unless a policy of its own says so. */
export class ManagedNamespace extends Part {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: ManagedNamespaceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:foundation:ManagedNamespace", name, opts);
    const { namespace, podSecurity, optIns, dns } = args;
    const labels = commonLabels("foundation");
    const created = new k8s.core.v1.Namespace(
      this.child("namespace"),
      {
        metadata: {
          name: namespace,
          labels: { ...labels, ...podSecurityLabels(podSecurity), ...optInLabels(optIns) },
        },
      },
      this.inside,
    );
    this.name = created.metadata.name;
    const policy = (part: string, policyName: string, spec: k8s.types.input.networking.v1.NetworkPolicySpec): void => {
      const metadata = { name: policyName, namespace: this.name, labels };
      new k8s.networking.v1.NetworkPolicy(this.child(part), { metadata, spec }, this.inside);
    };
    policy("default-deny", "default-deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    if (dns) policy("dns", "allow-dns", { podSelector: {}, policyTypes: ["Egress"], egress: [toDns] });
    this.registerOutputs({ name: this.name });
  }
}
