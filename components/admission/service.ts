import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { blocks, tcp, toApiServer } from "../core/network.ts";
import { METRICS_PORT } from "../core/own-pod.ts";
import { type Program, ReplicatedService } from "../core/replicated-service.ts";

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
const WEBHOOK_PORT = 8443;
const TLS_DIR = "/etc/carrel/tls";
const [CLIENT_CA_DIR, CLIENT_CA_KEY] = ["/etc/carrel/clients", "ca.crt"];
/** Fixed, so that kubelets put a change of it into pods that run. */
const CLIENT_CA = "admission-clients";
/** Endpoints forget a pod, requests under way end; the process itself takes 8 s for that. */
const GRACE_SECONDS = 30;

type Variable = types.input.core.v1.EnvVar;

/** What a container and its pod need to know of the clients that may call. */
interface ClientSetup {
  readonly env: Variable[];
  readonly mounts: types.input.core.v1.VolumeMount[];
  readonly volumes: types.input.core.v1.Volume[];
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

function environment(args: AdmissionServiceArgs): Variable[] {
  return [
    { name: "PORT", value: String(WEBHOOK_PORT) },
    { name: "METRICS_PORT", value: String(METRICS_PORT) },
    { name: "TLS_DIR", value: TLS_DIR },
    ...clientSetup(args).env,
    { name: "LOG_LEVEL", value: args.logLevel },
    { name: "BYPASS_SERVICE_ACCOUNTS", value: args.bypassServiceAccounts.join(",") },
    { name: "ACCELERATORS", value: args.accelerators.join(",") },
    { name: "IMAGE_MIRROR", value: JSON.stringify(args.imageMirror) },
    { name: "POD_DEFAULTS_UNTOUCHED", value: args.untouchedContainers.join(",") },
    { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  ];
}

/** The admission process behind a Service: at least two replicas, spread, never down by a drain or an upgrade. */
export class AdmissionService extends ReplicatedService {
  constructor(name: string, args: AdmissionServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:admission:AdmissionService", name, programOf(args), opts);
  }
}

function programOf(args: AdmissionServiceArgs): Program {
  const { clients, controlPlaneCidrs, monitoringNamespace } = args;
  const { mounts, volumes } = clientSetup(args);
  return {
    name: ADMISSION_SERVICE,
    namespace: args.namespace,
    replicas: args.replicas,
    ports: [{ name: "webhook", container: WEBHOOK_PORT, service: 443 }],
    container: {
      image: args.image,
      env: environment(args),
      resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "256Mi" } },
      volumeMounts: [{ name: "tls", mountPath: TLS_DIR, readOnly: true }, ...mounts],
    },
    pod: {
      serviceAccountName: args.serviceAccount,
      automountServiceAccountToken: true,
      priorityClassName: args.priorityClass,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      volumes: [{ name: "tls", secret: { secretName: args.tlsSecret } }, ...volumes],
    },
    ...(clients ? { configMap: { child: "clients", name: CLIENT_CA, data: { [CLIENT_CA_KEY]: clients.ca } } } : {}),
    network: {
      ingress: [{ from: blocks(controlPlaneCidrs), ports: tcp("webhook") }],
      egress: [toApiServer(controlPlaneCidrs)],
      monitoringNamespace,
    },
  };
}
