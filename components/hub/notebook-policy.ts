import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";
import { tcp, toDns } from "../core/network.ts";
import { toInternet } from "./internet.ts";
import { HUB, HUB_PORT, NOTEBOOK_PORT, notebookLabels, PROXY, podsIn } from "./peers.ts";

export interface NotebookPolicyArgs {
  /** Where notebook servers are. */
  readonly namespace: pulumi.Input<string>;
  readonly hubNamespace: string;
  /** Closed to notebooks also where it has public addresses. */
  readonly controlPlaneCidrs: readonly string[];
}

/**
 * Notebook servers are reached through the proxy and by the hub alone, not by each other. They reach the hub, DNS and the
 * internet, and nothing of the cluster, its machines or the site's network.
 */
export class NotebookPolicy extends Part {
  constructor(name: string, args: NotebookPolicyArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:NotebookPolicy", name, opts);
    const { namespace, hubNamespace, controlPlaneCidrs } = args;
    const hub = podsIn(hubNamespace, HUB);
    const spec = {
      podSelector: { matchLabels: { ...notebookLabels } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [podsIn(hubNamespace, PROXY), hub], ports: tcp(NOTEBOOK_PORT) }],
      egress: [{ to: [hub], ports: tcp(HUB_PORT) }, toDns, toInternet(controlPlaneCidrs)],
    };
    const metadata = { name: "notebook-servers", namespace, labels: commonLabels("hub") };
    new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
    this.registerOutputs({});
  }
}
