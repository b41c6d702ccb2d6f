import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface BootstrapAccountArgs {
  /** Of Keycloak, which makes the client at its first start. */
  readonly identityNamespace: pulumi.Input<string>;
  /** Of the reconciler, which makes its own client with it and removes it. */
  readonly systemNamespace: pulumi.Input<string>;
}

/** Fixed, because the way back in (docs/guides/identity.md) goes through it. */
export const BOOTSTRAP_SECRET = "keycloak-bootstrap";
export const BOOTSTRAP_CLIENT_ID = "carrel-bootstrap";
const LENGTH = 48;

/** The temporary client of Keycloak's first start, known to Keycloak and to the reconciler: a Secret in each one's namespace. */
export class BootstrapAccount extends Part {
  constructor(name: string, args: BootstrapAccountArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:identity:BootstrapAccount", name, opts);
    const { result } = new random.RandomPassword(
      this.child("password"),
      { length: LENGTH, special: false },
      this.inside,
    );
    const stringData = { "client-id": BOOTSTRAP_CLIENT_ID, "client-secret": result };
    for (const [part, namespace] of [
      ["identity", args.identityNamespace],
      ["system", args.systemNamespace],
    ] as const) {
      const metadata = { name: BOOTSTRAP_SECRET, namespace, labels: commonLabels("identity") };
      new k8s.core.v1.Secret(this.child(part), { metadata, type: "Opaque", stringData }, this.inside);
    }
    this.registerOutputs({});
  }
}
