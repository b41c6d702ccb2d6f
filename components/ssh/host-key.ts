import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface HostKeyArgs {
  readonly namespace: pulumi.Input<string>;
  /** What clients connect to: `[host]:port` in their known hosts unless the port is 22. */
  readonly host: string;
  readonly port: number;
}

/** Fixed, so that backup and people find it. */
export const HOST_KEY_SECRET = "ssh-host-key";
export const HOST_KEY_FILE = "host-key";
const DEFAULT_PORT = 22;

/** The key that the SSH gateway is known by: made once, kept in the stack's state, the same after every upgrade. */
export class HostKey extends Part {
  readonly secretName: pulumi.Output<string>;
  /** `SHA256:...`, as OpenSSH shows it. */
  readonly fingerprint: pulumi.Output<string>;
  /** A line for a client's known hosts. */
  readonly knownHosts: pulumi.Output<string>;

  constructor(name: string, { namespace, host, port }: HostKeyArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:ssh:HostKey", name, opts);
    const key = new tls.PrivateKey(this.child("key"), { algorithm: "ED25519" }, this.inside);
    const secret = new k8s.core.v1.Secret(
      this.child("secret"),
      {
        metadata: { name: HOST_KEY_SECRET, namespace, labels: commonLabels("ssh") },
        type: "Opaque",
        stringData: { [HOST_KEY_FILE]: key.privateKeyOpenssh },
      },
      this.inside,
    );
    this.secretName = secret.metadata.name;
    this.fingerprint = key.publicKeyFingerprintSha256;
    const where = port === DEFAULT_PORT ? host : `[${host}]:${port}`;
    this.knownHosts = pulumi.interpolate`${where} ${key.publicKeyOpenssh}`.apply((line) => line.trim());
    this.registerOutputs({ fingerprint: this.fingerprint, knownHosts: this.knownHosts });
  }
}
