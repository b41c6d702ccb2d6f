import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface AddressPoolArgs {
  /** Where MetalLB runs and looks for its objects. */
  readonly metallbNamespace: string;
  /** Of the pool and of its advertisement. */
  readonly poolName: string;
  /** `FIRST-LAST` or `ADDRESS/LENGTH`. */
  readonly addresses: readonly string[];
  /** The one namespace whose Services may have them. */
  readonly namespace: string;
}

/** Addresses that an installed MetalLB gives to the gateway alone, and tells the local network of. */
export class AddressPool extends Part {
  readonly poolName: string;

  constructor(name: string, args: AddressPoolArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:exposure:AddressPool", name, opts);
    this.poolName = args.poolName;
    const metadata = { name: args.poolName, namespace: args.metallbNamespace, labels: commonLabels("exposure") };
    const pool = new k8s.apiextensions.CustomResource(
      this.child("pool"),
      {
        apiVersion: "metallb.io/v1beta1",
        kind: "IPAddressPool",
        metadata,
        spec: {
          addresses: args.addresses,
          autoAssign: false,
          serviceAllocation: { namespaces: [args.namespace] },
        },
      },
      this.inside,
    );
    // Without it the address is given and nobody answers for it.
    new k8s.apiextensions.CustomResource(
      this.child("advertisement"),
      {
        apiVersion: "metallb.io/v1beta1",
        kind: "L2Advertisement",
        metadata,
        spec: { ipAddressPools: [args.poolName] },
      },
      { ...this.inside, dependsOn: [pool] },
    );
    this.registerOutputs({ poolName: this.poolName });
  }
}
