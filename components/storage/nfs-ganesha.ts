import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { blocks, tcp } from "../core/network.ts";
import { ganeshaConfig, NFS_PORT, RECOVERY_DIR, SHARE_DIR, VOLUME_DIR } from "./ganesha-config.ts";

export interface NfsGaneshaArgs {
  readonly namespace: pulumi.Input<string>;
  /** With `ganesha.nfsd` 4 and its FSAL for local file systems. */
  readonly image: pulumi.Input<string>;
  readonly priorityClass: string;
  /** Of its volume, when it is made; a volume that is there keeps its size. */
  readonly size: string;
  /** Of block storage. @default the cluster's default StorageClass */
  readonly storageClass?: string;
  /** Ranges of the nodes, which mount for pods; nobody else gets through. */
  readonly clients: readonly string[];
}

/** Name of its Service and its StatefulSet. Volumes name the Service for ever. */
export const NFS_SERVER = "nfs";
const [CONFIG_DIR, CONFIG_FILE, RUN_DIR] = ["/etc/carrel/ganesha", "ganesha.conf", "/run/ganesha"];
/** Clients reclaim what they had open within 90 s; a server that is told to end writes its state before. */
const GRACE_SECONDS = 100;

const selector = selectorLabels(NFS_SERVER);
const labels = { ...commonLabels("storage"), ...selector };

type Container = k8s.types.input.core.v1.Container;

/** A file server acts for every user, so it is root and may become any of them; it opens files by their handles. */
const capabilities = ["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "SETGID", "SETUID"];
const closed = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true };
const volumeMount = { name: "data", mountPath: VOLUME_DIR };

function server({ image }: NfsGaneshaArgs): Container {
  const probe: k8s.types.input.core.v1.Probe = { tcpSocket: { port: NFS_SERVER }, periodSeconds: 10 };
  const files = ["-p", `${RUN_DIR}/ganesha.pid`, "-f", `${CONFIG_DIR}/${CONFIG_FILE}`];
  return {
    name: NFS_SERVER,
    image,
    // Ganesha alone: the provisioner beside it in upstream's image is left out, and its volumes with it.
    command: ["ganesha.nfsd", "-F", "-L", "STDOUT", ...files],
    securityContext: { ...closed, capabilities: { drop: ["ALL"], add: capabilities } },
    ports: [{ name: NFS_SERVER, containerPort: NFS_PORT }],
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...probe, failureThreshold: 6 },
    readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2 },
    volumeMounts: [
      volumeMount,
      { name: "config", mountPath: CONFIG_DIR, readOnly: true },
      { name: "run", mountPath: RUN_DIR },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function podSpec(args: NfsGaneshaArgs, configName: pulumi.Input<string>): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    priorityClassName: args.priorityClass,
    // Runtimes' default profiles refuse name_to_handle_at, by which file handles are made.
    securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "Unconfined" } },
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    initContainers: [
      {
        name: "folders",
        image: args.image,
        command: ["mkdir", "-p", SHARE_DIR, RECOVERY_DIR],
        securityContext: { ...closed, capabilities: { drop: ["ALL"] } },
        resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
        volumeMounts: [volumeMount],
      },
    ],
    containers: [server(args)],
    volumes: [
      { name: "config", configMap: { name: configName } },
      { name: "run", emptyDir: { sizeLimit: "1Mi" } },
      { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
    ],
  };
}

function claim({ size, storageClass }: NfsGaneshaArgs): k8s.types.input.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name: "data", labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    },
  };
}

/** One NFS server on a volume that outlives it, for the nodes. It cannot be replicated: while it restarts, programs wait. */
export class NfsGanesha extends Part {
  /** Resolved by the cluster's DNS. */
  readonly host: pulumi.Output<string>;

  constructor(name: string, args: NfsGaneshaArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:storage:NfsGanesha", name, opts);
    const metadata = { name: NFS_SERVER, namespace: args.namespace, labels };
    const policy = this.#networkPolicy(args, metadata);
    const service = new k8s.core.v1.Service(
      this.child("service"),
      // With an address of its own: a client keeps the address that it has mounted from.
      {
        metadata,
        spec: { type: "ClusterIP", selector, ports: [{ name: NFS_SERVER, port: NFS_PORT, targetPort: NFS_SERVER }] },
      },
      this.inside,
    );
    // Named after its content: the server reads it at its start.
    const config = new k8s.core.v1.ConfigMap(
      this.child("config"),
      {
        metadata: { namespace: args.namespace, labels },
        immutable: true,
        data: { [CONFIG_FILE]: ganeshaConfig(args.clients) },
      },
      this.inside,
    );
    new k8s.apps.v1.StatefulSet(
      this.child("stateful-set"),
      { metadata, spec: this.#statefulSet(args, config.metadata.name) },
      // No pod of it ever runs outside of its policy.
      { ...this.inside, dependsOn: [policy, service] },
    );
    this.host = service.metadata.apply((created) => `${created.name}.${created.namespace}.svc`);
    this.registerOutputs({ host: this.host });
  }

  #statefulSet(args: NfsGaneshaArgs, configName: pulumi.Input<string>): k8s.types.input.apps.v1.StatefulSetSpec {
    return {
      serviceName: NFS_SERVER,
      replicas: 1,
      // A pod that cannot start is replaced by the next version of it, not waited for.
      podManagementPolicy: "Parallel",
      selector: { matchLabels: selector },
      template: { metadata: { labels }, spec: podSpec(args, configName) },
      volumeClaimTemplates: [claim(args)],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    };
  }

  #networkPolicy(
    { clients }: NfsGaneshaArgs,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
  ): k8s.networking.v1.NetworkPolicy {
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: blocks(clients), ports: tcp(NFS_SERVER) }],
    };
    return new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
  }
}
