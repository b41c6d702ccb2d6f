import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { namespace, tcp, toApiServer, toDns } from "../core/network.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";
import { SETTINGS_FILE } from "./configuration.ts";
import { HUB, HUB_PORT, NOTEBOOK_PORT, notebooksIn, PROXY, PROXY_API_PORT, podsOf } from "./peers.ts";

/** A Service's pods in another namespace. */
interface Neighbour {
  readonly namespace: string;
  readonly port: number;
}

export interface HubServerArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly serviceAccount: pulumi.Input<string>;
  /** Names of Secrets whose entries are environment variables. */
  readonly secrets: readonly pulumi.Input<string>[];
  /** Names of the ConfigMaps of the program and of the settings, and where the program's entries belong. */
  readonly configuration: {
    readonly program: pulumi.Input<string>;
    readonly items: readonly { readonly key: string; readonly path: string }[];
    readonly settings: pulumi.Input<string>;
  };
  /** Of the database's volume, which no network file system can be: SQLite locks its file. @default the cluster's own */
  readonly storageClass?: string;
  readonly priorityClass: string;
  /** Where notebook servers are. */
  readonly workNamespace: string;
  readonly api: Neighbour;
  readonly identity: Neighbour;
  readonly monitoringNamespace: string;
  readonly controlPlaneCidrs: readonly string[];
}

/** Of the image. */
const UID = 1000;
const PROGRAM_DIR = "/usr/local/etc/jupyterhub";
const SETTINGS_DIR = "/etc/carrel/hub";
const STATE_DIR = "/srv/jupyterhub";
/** Four slashes: an absolute path. */
export const DATABASE_URL = `sqlite:///${STATE_DIR}/jupyterhub.sqlite`;
/** Users, tokens and which servers run: a few kilobytes for each user. */
const DATABASE_SIZE = "1Gi";
const GRACE_SECONDS = 30;

const selector = selectorLabels(HUB);
const labels = { ...commonLabels("hub"), ...selector };

type Container = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;

/** One process serves everybody: one that is slow is not helped by a restart, nor by taking it out of the Service. */
function probes(): Pick<Container, "startupProbe" | "livenessProbe" | "readinessProbe"> {
  const probe = { httpGet: { path: "/hub/health", port: "http" }, timeoutSeconds: 3 };
  return {
    // A newer JupyterHub may first have to upgrade the database.
    startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 600 },
    livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 30 },
    readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 60 },
  };
}

function container({ image, secrets }: HubServerArgs): Container {
  return {
    name: HUB,
    image,
    args: ["jupyterhub", "--config", `${PROGRAM_DIR}/jupyterhub_config.py`],
    env: [
      { name: "CARREL_HUB_CONFIG", value: `${SETTINGS_DIR}/${SETTINGS_FILE}` },
      { name: "PYTHONUNBUFFERED", value: "1" },
      { name: "PYTHONDONTWRITEBYTECODE", value: "1" },
    ],
    envFrom: secrets.map((name) => ({ secretRef: { name } })),
    securityContext: restrictedContainer,
    ports: [{ name: "http", containerPort: HUB_PORT }],
    resources: { requests: { cpu: "200m", memory: "384Mi" }, limits: { memory: "1Gi" } },
    ...probes(),
    volumeMounts: [
      { name: "program", mountPath: PROGRAM_DIR, readOnly: true },
      { name: "settings", mountPath: SETTINGS_DIR, readOnly: true },
      { name: "state", mountPath: STATE_DIR },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function podSpec(args: HubServerArgs, claimName: pulumi.Output<string>): PodSpec {
  const { program, items, settings } = args.configuration;
  return {
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: true,
    priorityClassName: args.priorityClass,
    securityContext: {
      ...restrictedPod,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      fsGroupChangePolicy: "OnRootMismatch",
    },
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    containers: [container(args)],
    volumes: [
      { name: "program", configMap: { name: program, items: [...items] } },
      { name: "settings", configMap: { name: settings } },
      { name: "state", persistentVolumeClaim: { claimName } },
      { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
    ],
  };
}

function policySpec(args: HubServerArgs): k8s.types.input.networking.v1.NetworkPolicySpec {
  const { workNamespace, api, identity, monitoringNamespace, controlPlaneCidrs } = args;
  const notebooks = notebooksIn(workNamespace);
  return {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    // The culler is a process in the hub's own pod, and calls the hub by its Service.
    ingress: [{ from: [podsOf(PROXY), podsOf(HUB), notebooks, namespace(monitoringNamespace)], ports: tcp("http") }],
    egress: [
      toApiServer(controlPlaneCidrs),
      toDns,
      { to: [podsOf(HUB)], ports: tcp(HUB_PORT) },
      { to: [podsOf(PROXY)], ports: tcp(PROXY_API_PORT) },
      { to: [notebooks], ports: tcp(NOTEBOOK_PORT) },
      { to: [namespace(api.namespace)], ports: tcp(api.port) },
      { to: [namespace(identity.namespace)], ports: tcp(identity.port) },
    ],
  };
}

/** JupyterHub behind a Service. One pod, and none while it is replaced: two must not write one database. */
export class HubServer extends Part {
  constructor(name: string, args: HubServerArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:HubServer", name, opts);
    const metadata = { name: HUB, namespace: args.namespace, labels };
    const claim = this.#claim(args);
    const policy = new k8s.networking.v1.NetworkPolicy(
      this.child("network-policy"),
      { metadata, spec: policySpec(args) },
      this.inside,
    );
    const spec = {
      replicas: 1,
      selector: { matchLabels: selector },
      strategy: { type: "Recreate" },
      template: { metadata: { labels }, spec: podSpec(args, claim) },
    };
    new k8s.apps.v1.Deployment(
      this.child("deployment"),
      { metadata, spec },
      // No pod of it ever runs outside of its policy.
      { ...this.inside, dependsOn: [policy] },
    );
    const ports = [{ name: "http", port: HUB_PORT, targetPort: "http" }];
    new k8s.core.v1.Service(
      this.child("service"),
      { metadata, spec: { type: "ClusterIP", selector, ports } },
      this.inside,
    );
    this.registerOutputs({});
  }

  /** Of a fixed name, so that backup and people find it. */
  #claim({ namespace: claimNamespace, storageClass }: HubServerArgs): pulumi.Output<string> {
    const metadata = { name: "hub-database", namespace: claimNamespace, labels };
    const spec = {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: DATABASE_SIZE } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    };
    return new k8s.core.v1.PersistentVolumeClaim(this.child("database"), { metadata, spec }, this.inside).metadata.name;
  }
}
