import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { blocks, namespace, tcp, toApiServer } from "../core/network.ts";
import { ownProbes, spreadOverNodes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";

export interface AdmissionServiceArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly serviceAccount: pulumi.Input<string>;
  readonly tlsSecret: pulumi.Input<string>;
  readonly priorityClass: string;
  readonly replicas: number;
  readonly logLevel: string;
  readonly bypassServiceAccounts: readonly string[];
  /** Who may call: PEM of authorities, which can change without new pods, and common names. @default everybody who can reach it */
  readonly clients?: { readonly ca: string; readonly names: readonly string[] };
  /** `resource=weight`; what counts as a GPU beside the usual families. */
  readonly accelerators: readonly string[];
  /** The mirror's rules, as the process takes them. */
  readonly imageMirror: object;
  /** Containers that PodDefaults leave alone. */
  readonly untouchedContainers: readonly string[];
  /** Where the API server calls from, and is called at. */
  readonly controlPlaneCidrs: readonly string[];
  /** Namespace that scrapes metrics. */
  readonly monitoringNamespace: string;
}

/** Name of the Service, which the certificate is for. */
export const ADMISSION_SERVICE = "admission";
const [WEBHOOK_PORT, METRICS_PORT] = [8443, 9090];
const TLS_DIR = "/etc/carrel/tls";
const [CLIENT_CA_DIR, CLIENT_CA_KEY] = ["/etc/carrel/clients", "ca.crt"];
/** Fixed, so that kubelets put a change of it into pods that run. */
const CLIENT_CA = "admission-clients";
/** Endpoints forget a pod, requests under way end; the process itself takes 8 s for that. */
const GRACE_SECONDS = 30;

type Container = k8s.types.input.core.v1.Container;

/** What a container and its pod need to know of the clients that may call. */
interface ClientSetup {
  readonly env: k8s.types.input.core.v1.EnvVar[];
  readonly mounts: k8s.types.input.core.v1.VolumeMount[];
  readonly volumes: k8s.types.input.core.v1.Volume[];
}

function clientSetup({ clients }: AdmissionServiceArgs): ClientSetup {
  if (clients === undefined) return { env: [], mounts: [], volumes: [] };
  const names = clients.names.length === 0 ? [] : [{ name: "CLIENT_NAMES", value: clients.names.join(",") }];
  return {
    env: [{ name: "CLIENT_CA_FILE", value: `${CLIENT_CA_DIR}/${CLIENT_CA_KEY}` }, ...names],
    mounts: [{ name: "clients", mountPath: CLIENT_CA_DIR, readOnly: true }],
    volumes: [{ name: "clients", configMap: { name: CLIENT_CA } }],
  };
}

function container(args: AdmissionServiceArgs): Container {
  const { env, mounts } = clientSetup(args);
  return {
    name: "admission",
    image: args.image,
    securityContext: restrictedContainer,
    ports: [
      { name: "webhook", containerPort: WEBHOOK_PORT },
      { name: "metrics", containerPort: METRICS_PORT },
    ],
    env: [
      { name: "PORT", value: String(WEBHOOK_PORT) },
      { name: "METRICS_PORT", value: String(METRICS_PORT) },
      { name: "TLS_DIR", value: TLS_DIR },
      ...env,
      { name: "LOG_LEVEL", value: args.logLevel },
      { name: "BYPASS_SERVICE_ACCOUNTS", value: args.bypassServiceAccounts.join(",") },
      { name: "ACCELERATORS", value: args.accelerators.join(",") },
      { name: "IMAGE_MIRROR", value: JSON.stringify(args.imageMirror) },
      { name: "POD_DEFAULTS_UNTOUCHED", value: args.untouchedContainers.join(",") },
      { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    ],
    resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "256Mi" } },
    ...ownProbes(),
    volumeMounts: [{ name: "tls", mountPath: TLS_DIR, readOnly: true }, ...mounts],
  };
}

function podSpec(args: AdmissionServiceArgs): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: true,
    priorityClassName: args.priorityClass,
    securityContext: restrictedPod,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selectorLabels("admission")),
    containers: [container(args)],
    volumes: [{ name: "tls", secret: { secretName: args.tlsSecret } }, ...clientSetup(args).volumes],
  };
}

/** The admission process behind a Service: at least two replicas, spread, never down by a drain or an upgrade. */
export class AdmissionService extends Part {
  readonly service: k8s.core.v1.Service;
  readonly deployment: k8s.apps.v1.Deployment;

  constructor(name: string, args: AdmissionServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:admission:AdmissionService", name, opts);
    const selector = selectorLabels("admission");
    const labels = { ...commonLabels("admission"), ...selector };
    const metadata = { name: ADMISSION_SERVICE, namespace: args.namespace, labels };
    const needed = [this.#networkPolicy(args, metadata, selector), ...this.#clientAuthorities(args, metadata)];
    this.deployment = new k8s.apps.v1.Deployment(
      this.child("deployment"),
      {
        metadata,
        spec: {
          replicas: args.replicas,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: { metadata: { labels }, spec: podSpec(args) },
        },
      },
      { ...this.inside, dependsOn: needed },
    );
    const ports = [
      { name: "webhook", port: 443, targetPort: "webhook" },
      { name: "metrics", port: METRICS_PORT, targetPort: "metrics" },
    ];
    this.service = new k8s.core.v1.Service(
      this.child("service"),
      { metadata, spec: { type: "ClusterIP", selector, ports } },
      this.inside,
    );
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
    this.registerOutputs({});
  }

  #clientAuthorities(
    { clients }: AdmissionServiceArgs,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
  ): readonly pulumi.Resource[] {
    if (clients === undefined) return [];
    const args = { metadata: { ...metadata, name: CLIENT_CA }, data: { [CLIENT_CA_KEY]: clients.ca } };
    return [new k8s.core.v1.ConfigMap(this.child("clients"), args, this.inside)];
  }

  #networkPolicy(
    { controlPlaneCidrs, monitoringNamespace }: AdmissionServiceArgs,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
    selector: Record<string, string>,
  ): k8s.networking.v1.NetworkPolicy {
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: blocks(controlPlaneCidrs), ports: tcp("webhook") },
        { from: [namespace(monitoringNamespace)], ports: tcp("metrics") },
      ],
      egress: [toApiServer(controlPlaneCidrs)],
    };
    return new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
  }
}
