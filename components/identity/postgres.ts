import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { tcp } from "../core/network.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";

export interface PostgresArgs {
  readonly namespace: pulumi.Input<string>;
  /** PostgreSQL 17 with the environment of the official image. */
  readonly image: pulumi.Input<string>;
  readonly priorityClass: string;
  /** Of its volume, when it is made; a volume that is there keeps its size. */
  readonly size: string;
  /** @default the cluster's default StorageClass */
  readonly storageClass?: string;
  /** Name of the database, and of the user who owns it. */
  readonly database: string;
  /** Labels of the pods that may connect, in the same namespace. */
  readonly client: Readonly<Record<string, string>>;
}

/** Name of its Service, its Secret and its StatefulSet: backups find it by these. */
export const POSTGRES = "postgres";
export const POSTGRES_PORT = 5432;
/** The official image's `postgres`. */
const UID = 999;
const [DATA_DIR, SECRET_DIR, SOCKET_DIR] = ["/var/lib/postgresql/data", "/etc/carrel/postgres", "/var/run/postgresql"];
const PASSWORD_KEY = "password";
const PASSWORD_LENGTH = 32;
const OWNER_AND_GROUP_READ = 0o440;
/** A checkpoint of what has not been written yet. */
const GRACE_SECONDS = 60;

const selector = selectorLabels(POSTGRES);
const labels = { ...commonLabels("identity"), ...selector };

type Container = k8s.types.input.core.v1.Container;

function container({ image, database }: PostgresArgs): Container {
  // Over TCP: a database that is being made listens on its socket alone.
  const ready = ["pg_isready", "--quiet", "--host=127.0.0.1", `--username=${database}`, `--dbname=${database}`];
  const probe: k8s.types.input.core.v1.Probe = { exec: { command: ready }, periodSeconds: 10, timeoutSeconds: 5 };
  return {
    name: POSTGRES,
    image,
    securityContext: restrictedContainer,
    ports: [{ name: POSTGRES, containerPort: POSTGRES_PORT }],
    env: [
      { name: "POSTGRES_USER", value: database },
      { name: "POSTGRES_DB", value: database },
      { name: "POSTGRES_PASSWORD_FILE", value: `${SECRET_DIR}/${PASSWORD_KEY}` },
      { name: "POSTGRES_INITDB_ARGS", value: "--data-checksums" },
      // A file system has a folder of its own at its top.
      { name: "PGDATA", value: `${DATA_DIR}/pgdata` },
    ],
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    // What was not shut down well is recovered first.
    startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 300 },
    livenessProbe: { ...probe, failureThreshold: 6 },
    readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2 },
    // The kubelet's own signal would wait until Keycloak has hung up.
    lifecycle: { preStop: { exec: { command: ["pg_ctl", "--mode=fast", "--no-wait", "stop"] } } },
    volumeMounts: [
      { name: "data", mountPath: DATA_DIR },
      { name: "secret", mountPath: SECRET_DIR, readOnly: true },
      { name: "socket", mountPath: SOCKET_DIR },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function podSpec(args: PostgresArgs, secretName: pulumi.Input<string>): k8s.types.input.core.v1.PodSpec {
  const own = { runAsUser: UID, runAsGroup: UID, fsGroup: UID, fsGroupChangePolicy: "OnRootMismatch" };
  return {
    automountServiceAccountToken: false,
    priorityClassName: args.priorityClass,
    securityContext: { ...restrictedPod, ...own },
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    containers: [container(args)],
    volumes: [
      { name: "secret", secret: { secretName, defaultMode: OWNER_AND_GROUP_READ } },
      { name: "socket", emptyDir: { sizeLimit: "1Mi" } },
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
    ],
  };
}

function claim({ size, storageClass }: PostgresArgs): k8s.types.input.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name: "data", labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    },
  };
}

function statefulSet(args: PostgresArgs, secretName: pulumi.Input<string>): k8s.types.input.apps.v1.StatefulSetSpec {
  return {
    serviceName: POSTGRES,
    replicas: 1,
    // A pod that cannot start is replaced by the next version of it, not waited for.
    podManagementPolicy: "Parallel",
    selector: { matchLabels: selector },
    template: { metadata: { labels }, spec: podSpec(args, secretName) },
    volumeClaimTemplates: [claim(args)],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
  };
}

/** One PostgreSQL on a volume that outlives it, for one client. */
export class Postgres extends Part {
  /** Of the user who owns the database. */
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: PostgresArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:identity:Postgres", name, opts);
    const metadata = { name: POSTGRES, namespace: args.namespace, labels };
    const { result } = new random.RandomPassword(
      this.child("password"),
      { length: PASSWORD_LENGTH, special: false },
      this.inside,
    );
    this.password = result;
    const secret = new k8s.core.v1.Secret(
      this.child("secret"),
      { metadata, type: "Opaque", stringData: { [PASSWORD_KEY]: result } },
      this.inside,
    );
    const policy = this.#networkPolicy(args, metadata);
    const port = { name: POSTGRES, port: POSTGRES_PORT, targetPort: POSTGRES };
    const service = new k8s.core.v1.Service(
      this.child("service"),
      { metadata, spec: { type: "ClusterIP", clusterIP: "None", selector, ports: [port] } },
      this.inside,
    );
    new k8s.apps.v1.StatefulSet(
      this.child("stateful-set"),
      { metadata, spec: statefulSet(args, secret.metadata.name) },
      // No pod of it ever runs outside of its policy.
      { ...this.inside, dependsOn: [policy, service] },
    );
    this.registerOutputs({});
  }

  #networkPolicy(
    { client }: PostgresArgs,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
  ): k8s.networking.v1.NetworkPolicy {
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: { matchLabels: client } }], ports: tcp(POSTGRES) }],
    };
    return new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
  }
}
