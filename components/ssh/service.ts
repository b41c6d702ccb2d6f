import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { fromGateway, type GatewayClients, namespace, tcp, toDns } from "../core/network.ts";
import { ownProbes, spreadOverNodes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";
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
const METRICS_PORT = 9090;
const KEY_DIR = "/etc/carrel/ssh";
/** To say goodbye after the last connection was given up. */
const FAREWELL_SECONDS = 10;

type Container = k8s.types.input.core.v1.Container;
type Metadata = k8s.types.input.meta.v1.ObjectMeta;

function container(args: SshServiceArgs): Container {
  const { balancers, proxy } = args;
  return {
    name: "ssh",
    image: args.image,
    securityContext: restrictedContainer,
    ports: [
      { name: "ssh", containerPort: SSH_PORT },
      { name: "metrics", containerPort: METRICS_PORT },
    ],
    env: [
      { name: "PORT", value: String(SSH_PORT) },
      { name: "METRICS_PORT", value: String(METRICS_PORT) },
      { name: "HUB_URL", value: proxy.url },
      { name: "HOST_KEY_FILE", value: `${KEY_DIR}/${HOST_KEY_FILE}` },
      { name: "BANNER", value: args.banner ?? "" },
      { name: "TOKEN_URL", value: args.tokenUrl },
      { name: "PROXIES", value: balancers.cidrs.join(",") },
      { name: "PROXY_PROTOCOL", value: String(balancers.proxyProtocol) },
      { name: "START_SECONDS", value: String(args.startSeconds) },
      { name: "IDLE_SECONDS", value: String(args.idleSeconds) },
      { name: "DRAIN_SECONDS", value: String(args.drainSeconds) },
      { name: "LOG_LEVEL", value: args.logLevel },
    ],
    resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "2", memory: "512Mi" } },
    ...ownProbes(),
    volumeMounts: [{ name: "host-key", mountPath: KEY_DIR, readOnly: true }],
  };
}

function podSpec(args: SshServiceArgs): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    priorityClassName: args.priorityClass,
    securityContext: restrictedPod,
    terminationGracePeriodSeconds: args.drainSeconds + FAREWELL_SECONDS,
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selectorLabels("ssh")),
    containers: [container(args)],
    volumes: [{ name: "host-key", secret: { secretName: args.hostKey.secretName, defaultMode: 0o440 } }],
  };
}

/** The SSH gateway behind a Service. It has no right of its own: what it does, it does with the token of who logged in. */
export class SshService extends Part {
  readonly service: k8s.core.v1.Service;
  readonly deployment: k8s.apps.v1.Deployment;

  constructor(name: string, args: SshServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:ssh:SshService", name, opts);
    const selector = selectorLabels("ssh");
    const labels = { ...commonLabels("ssh"), ...selector };
    const metadata = { name: SSH_SERVICE, namespace: args.namespace, labels };
    const annotations = { "carrel.dev/host-key": args.hostKey.fingerprint };
    const policy = this.#networkPolicy(args, metadata, selector);
    this.deployment = new k8s.apps.v1.Deployment(
      this.child("deployment"),
      {
        metadata,
        spec: {
          replicas: args.replicas,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: { metadata: { labels, annotations }, spec: podSpec(args) },
        },
      },
      { ...this.inside, dependsOn: [policy] },
    );
    const ports = [
      { name: "ssh", port: SSH_PORT, targetPort: "ssh" },
      { name: "metrics", port: METRICS_PORT, targetPort: "metrics" },
    ];
    const spec = { type: "ClusterIP", selector, ports };
    this.service = new k8s.core.v1.Service(this.child("service"), { metadata, spec }, this.inside);
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
    this.registerOutputs({});
  }

  #networkPolicy(
    { proxy, gateway, monitoringNamespace }: SshServiceArgs,
    metadata: Metadata,
    selector: Record<string, string>,
  ): k8s.networking.v1.NetworkPolicy {
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: fromGateway(gateway), ports: tcp("ssh") },
        { from: [namespace(monitoringNamespace)], ports: tcp("metrics") },
      ],
      // Notebook servers are reached through the proxy alone.
      egress: [{ to: [{ podSelector: { matchLabels: { ...proxy.selector } } }], ports: tcp(proxy.port) }, toDns],
    };
    return new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
  }
}
