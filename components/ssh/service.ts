import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { fromGateway, type GatewayClients, tcp, toDns } from "../core/network.ts";
import { METRICS_PORT } from "../core/own-pod.ts";
import { type Program, ReplicatedService } from "../core/replicated-service.ts";
import { HOST_KEY_FILE } from "./host-key.ts";

export interface SshServiceArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  /** The Secret of the host key, and its fingerprint: another key rolls the pods. */
  readonly hostKey: { readonly secretName: pulumi.Input<string>; readonly fingerprint: pulumi.Input<string> };
  readonly priorityClass: string;
  readonly replicas: number;
  readonly logLevel: string;
  /** The hub's proxy, before both the hub and the notebook servers, and the labels of its pods. */
  readonly proxy: {
    readonly url: string;
    readonly port: number;
    readonly selector: Readonly<Record<string, string>>;
  };
  /** The key service, and the Secret and file of what it knows the gateway by. */
  readonly keys: { readonly url: string; readonly secretName: pulumi.Input<string>; readonly file: string };
  /** Shown before the login. @default nothing */
  readonly banner?: string;
  /** Where people make a token. */
  readonly tokenUrl: string;
  /** CIDRs of what stands before the gateway, and whether it says whom it speaks for (PROXY protocol). */
  readonly balancers: { readonly cidrs: readonly string[]; readonly proxyProtocol: boolean };
  /** A notebook server may take so long to start, as the hub has it. */
  readonly startSeconds: number;
  /** A connection ends after so long without a byte; 0 is never. */
  readonly idleSeconds: number;
  /** Connections may go on so long after a pod was told to end. */
  readonly drainSeconds: number;
  /** Where connections come from. */
  readonly gateway: GatewayClients;
  /** Namespace that scrapes metrics. */
  readonly monitoringNamespace: string;
}

export const SSH_SERVICE = "ssh";
export const SSH_PORT = 2222;
const KEY_DIR = "/etc/carrel/ssh";
const KEYS_SECRET_DIR = "/etc/carrel/keys";
/** To say goodbye after the last connection was given up. */
const FAREWELL_SECONDS = 10;

type Variable = types.input.core.v1.EnvVar;

function environment(args: SshServiceArgs): Variable[] {
  const { balancers, proxy, keys } = args;
  return [
    { name: "PORT", value: String(SSH_PORT) },
    { name: "METRICS_PORT", value: String(METRICS_PORT) },
    { name: "HUB_URL", value: proxy.url },
    { name: "HOST_KEY_FILE", value: `${KEY_DIR}/${HOST_KEY_FILE}` },
    { name: "KEYS_URL", value: keys.url },
    { name: "KEYS_SECRET_FILE", value: `${KEYS_SECRET_DIR}/${keys.file}` },
    { name: "BANNER", value: args.banner ?? "" },
    { name: "TOKEN_URL", value: args.tokenUrl },
    { name: "PROXIES", value: balancers.cidrs.join(",") },
    { name: "PROXY_PROTOCOL", value: String(balancers.proxyProtocol) },
    { name: "START_SECONDS", value: String(args.startSeconds) },
    { name: "IDLE_SECONDS", value: String(args.idleSeconds) },
    { name: "DRAIN_SECONDS", value: String(args.drainSeconds) },
    { name: "LOG_LEVEL", value: args.logLevel },
  ];
}

/**
 * The SSH gateway behind a Service. What it does, it does with the token of who logged in; of its own it has the right
 * to ask the key service alone.
 */
export class SshService extends ReplicatedService {
  constructor(name: string, args: SshServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:ssh:SshService", name, programOf(args), opts);
  }
}

function programOf(args: SshServiceArgs): Program {
  const { hostKey, keys, proxy, gateway, monitoringNamespace } = args;
  return {
    name: SSH_SERVICE,
    namespace: args.namespace,
    replicas: args.replicas,
    ports: [{ name: "ssh", container: SSH_PORT }],
    container: {
      image: args.image,
      env: environment(args),
      resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "2", memory: "512Mi" } },
      volumeMounts: [
        { name: "host-key", mountPath: KEY_DIR, readOnly: true },
        { name: "keys-secret", mountPath: KEYS_SECRET_DIR, readOnly: true },
      ],
    },
    pod: {
      automountServiceAccountToken: false,
      priorityClassName: args.priorityClass,
      terminationGracePeriodSeconds: args.drainSeconds + FAREWELL_SECONDS,
      volumes: [
        { name: "host-key", secret: { secretName: hostKey.secretName, defaultMode: 0o440 } },
        { name: "keys-secret", secret: { secretName: keys.secretName, defaultMode: 0o440 } },
      ],
    },
    annotations: { "carrel.dev/host-key": hostKey.fingerprint },
    network: {
      ingress: [{ from: fromGateway(gateway), ports: tcp("ssh") }],
      // Notebook servers are reached through the proxy alone.
      egress: [{ to: [{ podSelector: { matchLabels: { ...proxy.selector } } }], ports: tcp(proxy.port) }, toDns],
      monitoringNamespace,
    },
  };
}
