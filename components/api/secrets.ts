import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface ApiSecretsArgs {
  readonly namespace: pulumi.Input<string>;
  /** Of the identity provider's client. */
  readonly clientSecret: pulumi.Input<string>;
}

/** Letters and digits: nothing in between, URLs least of all, has to escape them. */
const LENGTH = 48;
/** What invitations are signed with. */
const KEY_BYTES = 32;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * What the API keeps to itself or shares with one other: Secret `api` to be known by, Secret `welcome` to know the links of
 * the first administrator and of invitations by.
 */
export class ApiSecrets extends Part {
  /** Secret with the keys `client-secret` and `server-secret`. */
  readonly secretName: pulumi.Output<string>;
  /** Secret with the keys `first-admin-hash` and `invitation-key`. */
  readonly welcomeName: pulumi.Output<string>;
  /** Shared with the hub. */
  readonly serverSecret: pulumi.Output<string>;
  /** Of the first administrator's link; the cluster knows its hash alone. */
  readonly firstAdminToken: pulumi.Output<string>;

  constructor(name: string, { namespace, clientSecret }: ApiSecretsArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:api:ApiSecrets", name, opts);
    this.serverSecret = this.#password("server-secret");
    this.firstAdminToken = this.#password("first-admin-token");
    const { hex } = new random.RandomBytes(this.child("invitation-key"), { length: KEY_BYTES }, this.inside);
    const secret = (secretName: string, stringData: Record<string, pulumi.Input<string>>): pulumi.Output<string> => {
      const metadata = { name: secretName, namespace, labels: commonLabels("api") };
      const args = { metadata, type: "Opaque", stringData };
      return new k8s.core.v1.Secret(this.child(secretName), args, this.inside).metadata.name;
    };
    this.secretName = secret("api", { "client-secret": clientSecret, "server-secret": this.serverSecret });
    this.welcomeName = secret("welcome", {
      "first-admin-hash": this.firstAdminToken.apply(sha256),
      "invitation-key": hex,
    });
    this.registerOutputs({ secretName: this.secretName, welcomeName: this.welcomeName });
  }

  #password(part: string): pulumi.Output<string> {
    return new random.RandomPassword(this.child(part), { length: LENGTH, special: false }, this.inside).result;
  }
}
