import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface ClientSecretsArgs {
  readonly namespace: pulumi.Input<string>;
}

/** Clients of the realm that have a secret, as the reconciler's own list has them. */
export const realmClients = ["hub", "grafana", "dashboard", "carrel-api", "carrel-controllers"] as const;
export type RealmClient = (typeof realmClients)[number];

/** Fixed, because messages of the reconciler name it. */
export const CLIENT_SECRETS = "realm-clients";
/** Letters and digits: nothing in between has to escape it. */
const LENGTH = 48;

/** A secret for each client of the realm, made once, in one Secret with a file for each. */
export class ClientSecrets extends Part {
  readonly secretName: pulumi.Output<string>;
  readonly #values: Readonly<Record<RealmClient, pulumi.Output<string>>>;

  constructor(name: string, { namespace }: ClientSecretsArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:identity:ClientSecrets", name, opts);
    const make = (client: RealmClient): pulumi.Output<string> =>
      new random.RandomPassword(this.child(client), { length: LENGTH, special: false }, this.inside).result;
    this.#values = Object.fromEntries(realmClients.map((client) => [client, make(client)])) as Record<
      RealmClient,
      pulumi.Output<string>
    >;
    const metadata = { name: CLIENT_SECRETS, namespace, labels: commonLabels("identity") };
    const args = { metadata, type: "Opaque", stringData: this.#values };
    this.secretName = new k8s.core.v1.Secret(this.child("secret"), args, this.inside).metadata.name;
    this.registerOutputs({ secretName: this.secretName });
  }

  /** The secret of a client, for the Secret of whoever logs in with it. */
  of(client: RealmClient): pulumi.Output<string> {
    return this.#values[client];
  }
}
