import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface HubSecretsArgs {
  readonly namespace: pulumi.Input<string>;
  /** Of the hub's client at the identity provider. */
  readonly oauthClientSecret: pulumi.Output<string>;
  /** Shared with the API. */
  readonly apiServerSecret: pulumi.Output<string>;
  /** Whether there is an SSH gateway, which the hub then knows by a token. */
  readonly ssh: boolean;
}

/** The file in the Secret of the SSH gateway. */
export const GATEWAY_TOKEN_FILE = "token";

/** The hub takes cookie and encryption keys of this length alone. */
const BYTES = 32;

/**
 * What the hub and its proxy know, as environment variables by name. Another value is another Secret, whose name rolls
 * the pods that read it: the hub and the proxy never hold different tokens for long.
 */
export class HubSecrets extends Part {
  /** Name of what the hub alone reads. */
  readonly hub: pulumi.Output<string>;
  /** Name of what the hub and the proxy read. */
  readonly proxy: pulumi.Output<string>;
  /** Name of what the SSH gateway reads as a file; undefined where there is none. */
  readonly sshGateway: pulumi.Output<string> | undefined;

  constructor(name: string, args: HubSecretsArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:HubSecrets", name, opts);
    const key = (part: string): pulumi.Output<string> =>
      new random.RandomBytes(this.child(part), { length: BYTES }, this.inside).hex;
    const gatewayToken = args.ssh ? key("ssh-gateway-token") : undefined;
    this.hub = this.#secret("hub", args.namespace, {
      JPY_COOKIE_SECRET: key("cookie-key"),
      JUPYTERHUB_CRYPT_KEY: key("crypt-key"),
      OAUTH_CLIENT_SECRET: args.oauthClientSecret,
      API_SERVER_SECRET: args.apiServerSecret,
      CULLER_API_TOKEN: key("culler-token"),
      METRICS_API_TOKEN: key("metrics-token"),
      ...(gatewayToken === undefined ? {} : { SSH_GATEWAY_TOKEN: gatewayToken }),
    });
    this.proxy = this.#secret("proxy", args.namespace, { CONFIGPROXY_AUTH_TOKEN: key("proxy-token") });
    this.sshGateway =
      gatewayToken && this.#secret("ssh-gateway", args.namespace, { [GATEWAY_TOKEN_FILE]: gatewayToken });
    this.registerOutputs({ hub: this.hub, proxy: this.proxy, sshGateway: this.sshGateway });
  }

  #secret(
    part: string,
    namespace: pulumi.Input<string>,
    stringData: Record<string, pulumi.Output<string>>,
  ): pulumi.Output<string> {
    const metadata = { namespace, labels: commonLabels("hub") };
    const args = { metadata, type: "Opaque", immutable: true, stringData };
    return new k8s.core.v1.Secret(this.child(part), args, this.inside).metadata.name;
  }
}
