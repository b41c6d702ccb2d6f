import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { fromGateway, type GatewayClients, tcp, toDns } from "../core/network.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";
import {
  HUB,
  HUB_PORT,
  NOTEBOOK_PORT,
  notebooksIn,
  PROXY,
  PROXY_API,
  PROXY_API_PORT,
  PROXY_PORT,
  PROXY_PUBLIC,
  podsOf,
} from "./peers.ts";

export interface HubProxyArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  /** Name of the Secret with CONFIGPROXY_AUTH_TOKEN. */
  readonly secret: pulumi.Input<string>;
  readonly priorityClass: string;
  /** Inside the cluster, without a path. */
  readonly hubUrl: string;
  /** Where notebook servers are. */
  readonly workNamespace: string;
  readonly gateway: GatewayClients;
  /** Programs in the proxy's own namespace that go through it, by their name in labels. */
  readonly clients: readonly string[];
}

/** Of the image: nobody. */
const UID = 65534;
const TOKEN = "CONFIGPROXY_AUTH_TOKEN";
/** Gateways keep idle connections for 60 to 90 s; one that the proxy closed first would fail a request. */
const KEEP_ALIVE_MS = 120_000;
/** For downloads and websockets under way. */
const GRACE_SECONDS = 60;

const selector = selectorLabels(PROXY);
const labels = { ...commonLabels("hub"), ...selector };

function flags(hubUrl: string): string[] {
  return [
    "--ip=",
    `--port=${PROXY_PORT}`,
    "--api-ip=",
    `--api-port=${PROXY_API_PORT}`,
    `--default-target=${hubUrl}`,
    `--error-target=${hubUrl}/hub/error`,
    // The hub believes the last address and protocol in X-Forwarded-*, which are to stay the gateway's: the client's.
    "--no-x-forward",
    `--keep-alive-timeout=${KEEP_ALIVE_MS}`,
  ];
}

function container({ image, secret, hubUrl }: HubProxyArgs): k8s.types.input.core.v1.Container {
  const probe = { httpGet: { path: "/_chp_healthz", port: "http" }, periodSeconds: 5, timeoutSeconds: 2 };
  return {
    name: PROXY,
    image,
    args: flags(hubUrl),
    env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: secret, key: TOKEN } } }],
    securityContext: restrictedContainer,
    ports: [
      { name: "http", containerPort: PROXY_PORT },
      { name: "api", containerPort: PROXY_API_PORT },
    ],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe, failureThreshold: 6 },
    readinessProbe: { ...probe, periodSeconds: 2, failureThreshold: 2 },
  };
}

function podSpec(args: HubProxyArgs): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    priorityClassName: args.priorityClass,
    securityContext: { ...restrictedPod, runAsUser: UID, runAsGroup: UID, fsGroup: UID },
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    containers: [container(args)],
  };
}

function policySpec(args: HubProxyArgs): k8s.types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: [...fromGateway(args.gateway), ...args.clients.map(podsOf)], ports: tcp("http") },
      { from: [podsOf(HUB)], ports: tcp("api") },
    ],
    egress: [
      { to: [podsOf(HUB)], ports: tcp(HUB_PORT) },
      { to: [notebooksIn(args.workNamespace)], ports: tcp(NOTEBOOK_PORT) },
      toDns,
    ],
  };
}

/**
 * The way to the hub and to each notebook server. One pod: its routes are in its memory, the hub gives them again within
 * a minute after a restart.
 */
export class HubProxy extends Part {
  constructor(name: string, args: HubProxyArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:HubProxy", name, opts);
    const { namespace } = args;
    const metadata = { name: PROXY, namespace, labels };
    const policy = new k8s.networking.v1.NetworkPolicy(
      this.child("network-policy"),
      { metadata, spec: policySpec(args) },
      this.inside,
    );
    const spec = {
      replicas: 1,
      selector: { matchLabels: selector },
      strategy: { type: "Recreate" },
      template: { metadata: { labels }, spec: podSpec(args) },
    };
    new k8s.apps.v1.Deployment(
      this.child("deployment"),
      { metadata, spec },
      // No pod of it ever runs outside of its policy.
      { ...this.inside, dependsOn: [policy] },
    );
    this.#service("public", PROXY_PUBLIC, namespace, { name: "http", port: PROXY_PORT, targetPort: "http" });
    this.#service("api", PROXY_API, namespace, { name: "api", port: PROXY_API_PORT, targetPort: "api" });
    this.registerOutputs({});
  }

  #service(
    part: string,
    name: string,
    namespace: pulumi.Input<string>,
    port: k8s.types.input.core.v1.ServicePort,
  ): void {
    const spec = { type: "ClusterIP", selector, ports: [port] };
    new k8s.core.v1.Service(this.child(part), { metadata: { name, namespace, labels }, spec }, this.inside);
  }
}
