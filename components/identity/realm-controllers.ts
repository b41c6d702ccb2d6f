import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { namespace as everythingIn, tcp, toApiServer, toDns } from "../core/network.ts";
import { METRICS_PORT, ownProbes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";
import { KEYCLOAK, KEYCLOAK_PORT } from "./keycloak-pod.ts";

export interface RealmControllersArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly serviceAccount: pulumi.Input<string>;
  readonly priorityClass: string;
  readonly logLevel: string;
  /** Secret with a file for each client of the realm. */
  readonly clientSecrets: pulumi.Input<string>;
  /** Secret with `client-id` and `client-secret` of Keycloak's temporary client. */
  readonly bootstrapSecret: string;
  /** What people type. */
  readonly host: string;
  readonly port: number;
  /** Where Keycloak is reached inside the cluster, without `/realms`. */
  readonly keycloakUrl: string;
  readonly realm: string;
  /** Where volumes of members are. */
  readonly workNamespace: string;
  /** Of the claims that are made there; without a class it is the cluster's default. */
  readonly volumes: { readonly storageClass: string | undefined; readonly accessMode: string };
  /** How images are pulled to every node beforehand; without it they are not. */
  readonly puller?: {
    readonly namespace: string;
    readonly pauseImage: pulumi.Input<string>;
    readonly priorityClass: string;
    /** The mirror's rules, as admission takes them. */
    readonly imageMirror: object;
  };
  readonly controlPlaneCidrs: readonly string[];
  readonly identityNamespace: string;
  /** Namespace that scrapes metrics. */
  readonly monitoringNamespace: string;
}

/** Name of the Deployment, and of its pods in labels. */
export const CONTROLLERS = "controllers";
/** Where the process looks for them by itself. */
const [CLIENTS_DIR, BOOTSTRAP_DIR] = ["/etc/carrel/clients", "/etc/carrel/bootstrap"];
/** It is ready once the realm is: whoever deploys the platform waits for that. */
const READY_WITHIN_SECONDS = 900;
/** Longer, so that the Deployment's own reason is what is told. */
const GIVEN_UP_AFTER = "16m";
/** The reconciler ends a pass before the process ends. */
const GRACE_SECONDS = 30;

const selector = selectorLabels(CONTROLLERS);
const labels = { ...commonLabels("identity"), ...selector };

type Container = k8s.types.input.core.v1.Container;

function pullerVariables({ puller }: RealmControllersArgs): k8s.types.input.core.v1.EnvVar[] {
  if (puller === undefined) return [];
  return [
    { name: "PULLER_NAMESPACE", value: puller.namespace },
    { name: "PULLER_PAUSE_IMAGE", value: puller.pauseImage },
    { name: "PULLER_PRIORITY_CLASS", value: puller.priorityClass },
    { name: "IMAGE_MIRROR", value: JSON.stringify(puller.imageMirror) },
  ];
}

function environment(args: RealmControllersArgs): k8s.types.input.core.v1.EnvVar[] {
  const { storageClass, accessMode } = args.volumes;
  return [
    { name: "METRICS_PORT", value: String(METRICS_PORT) },
    { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    { name: "WORK_NAMESPACE", value: args.workNamespace },
    { name: "KEYCLOAK_URL", value: args.keycloakUrl },
    { name: "REALM", value: args.realm },
    { name: "HOST", value: args.host },
    { name: "PUBLIC_PORT", value: String(args.port) },
    ...(storageClass === undefined ? [] : [{ name: "STORAGE_CLASS", value: storageClass }]),
    { name: "ACCESS_MODE", value: accessMode },
    ...pullerVariables(args),
    { name: "LOG_LEVEL", value: args.logLevel },
  ];
}

function container(args: RealmControllersArgs): Container {
  return {
    name: CONTROLLERS,
    image: args.image,
    securityContext: restrictedContainer,
    ports: [{ name: "metrics", containerPort: METRICS_PORT }],
    env: environment(args),
    resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "384Mi" } },
    ...ownProbes(),
    volumeMounts: [
      { name: "clients", mountPath: CLIENTS_DIR, readOnly: true },
      { name: "bootstrap", mountPath: BOOTSTRAP_DIR, readOnly: true },
    ],
  };
}

function podSpec(args: RealmControllersArgs): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: true,
    priorityClassName: args.priorityClass,
    securityContext: restrictedPod,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    containers: [container(args)],
    volumes: [
      { name: "clients", secret: { secretName: args.clientSecrets } },
      { name: "bootstrap", secret: { secretName: args.bootstrapSecret } },
    ],
  };
}

function policySpec(args: RealmControllersArgs): k8s.types.input.networking.v1.NetworkPolicySpec {
  const keycloak = {
    ...everythingIn(args.identityNamespace),
    podSelector: { matchLabels: selectorLabels(KEYCLOAK) },
  };
  return {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [everythingIn(args.monitoringNamespace)], ports: tcp("metrics") }],
    egress: [toApiServer(args.controlPlaneCidrs), toDns, { to: [keycloak], ports: tcp(KEYCLOAK_PORT) }],
  };
}

/** The controllers that keep Keycloak's realm, groups and roles, and the claims of volumes, as they are declared. */
export class RealmControllers extends Part {
  constructor(name: string, args: RealmControllersArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:identity:RealmControllers", name, opts);
    const metadata = { name: CONTROLLERS, namespace: args.namespace, labels };
    const policy = new k8s.networking.v1.NetworkPolicy(
      this.child("network-policy"),
      { metadata, spec: policySpec(args) },
      this.inside,
    );
    new k8s.apps.v1.Deployment(
      this.child("deployment"),
      {
        metadata,
        spec: {
          replicas: 1,
          // Two versions at once would undo each other's work.
          strategy: { type: "Recreate" },
          progressDeadlineSeconds: READY_WITHIN_SECONDS,
          selector: { matchLabels: selector },
          template: { metadata: { labels }, spec: podSpec(args) },
        },
      },
      {
        ...this.inside,
        // No pod of it ever runs outside of its policy.
        dependsOn: [policy],
        customTimeouts: { create: GIVEN_UP_AFTER, update: GIVEN_UP_AFTER },
      },
    );
    this.registerOutputs({});
  }
}
