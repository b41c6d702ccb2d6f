import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { namespace as everythingIn, fromGateway, type GatewayClients, tcp } from "../core/network.ts";
import {
  DATABASE_PASSWORD,
  JGROUPS_PORTS,
  KEYCLOAK,
  KEYCLOAK_PORT,
  type KeycloakDatabase,
  type KeycloakPodSettings,
  keycloakPod,
  MANAGEMENT_PORT,
} from "./keycloak-pod.ts";

export interface KeycloakArgs extends KeycloakPodSettings {
  readonly namespace: pulumi.Input<string>;
  /** 1 or 2. */
  readonly replicas: number;
  readonly database: KeycloakDatabase & {
    readonly password: pulumi.Input<string>;
    /** Labels of the database's pods, in the same namespace. @default it is somewhere else */
    readonly selector?: Readonly<Record<string, string>>;
  };
  readonly gateway: GatewayClients;
  /** Namespace of the platform's own programs, and those among them that ask it, by their names in labels. */
  readonly system: { readonly namespace: string; readonly programs: readonly string[] };
  /** Its hub logs people in. */
  readonly hubNamespace: string;
  /** Namespace that scrapes metrics. */
  readonly monitoringNamespace: string;
}

/** A pod of an image that builds itself takes minutes, and two come one after the other when they are changed. */
const READY_WITHIN = "20m";
/** Of logins elsewhere: OpenID Connect and SAML, and directories, over TLS alone. */
const FEDERATION_PORTS = tcp(443, 636);

const selector = selectorLabels(KEYCLOAK);
const labels = { ...commonLabels("identity"), ...selector };
const self = { podSelector: { matchLabels: selector } };

type Metadata = k8s.types.input.meta.v1.ObjectMeta;
type PolicySpec = k8s.types.input.networking.v1.NetworkPolicySpec;

/** Who may come to which port, and where it goes itself; where it may look up names is the namespace's to say. */
function policySpec(args: KeycloakArgs): PolicySpec {
  const { gateway, system, hubNamespace, monitoringNamespace, database } = args;
  const programs = system.programs.map((program) => ({
    ...everythingIn(system.namespace),
    podSelector: { matchLabels: selectorLabels(program) },
  }));
  const toDatabase = {
    ...(database.selector === undefined ? {} : { to: [{ podSelector: { matchLabels: database.selector } }] }),
    ports: tcp(database.port),
  };
  return {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: [...fromGateway(gateway), ...programs, everythingIn(hubNamespace)], ports: tcp("http") },
      { from: [everythingIn(monitoringNamespace)], ports: tcp("management") },
      { from: [self], ports: tcp(...JGROUPS_PORTS) },
    ],
    egress: [toDatabase, { to: [self], ports: tcp(...JGROUPS_PORTS) }, { ports: FEDERATION_PORTS }],
  };
}

/** Keycloak: people, groups and logins, in a database; its administration is inside the cluster alone. */
export class Keycloak extends Part {
  constructor(name: string, args: KeycloakArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:identity:Keycloak", name, opts);
    const { namespace, replicas, database } = args;
    const metadata = { name: KEYCLOAK, namespace, labels };
    // Its name is Pulumi's, so that another password is another Secret, and rolls the pods.
    const secret = new k8s.core.v1.Secret(
      this.child("secret"),
      { metadata: { namespace, labels }, type: "Opaque", stringData: { [DATABASE_PASSWORD]: database.password } },
      this.inside,
    );
    const policy = new k8s.networking.v1.NetworkPolicy(
      this.child("network-policy"),
      { metadata, spec: policySpec(args) },
      this.inside,
    );
    const headless = this.#services(metadata);
    new k8s.apps.v1.StatefulSet(
      this.child("stateful-set"),
      {
        metadata,
        spec: {
          serviceName: headless.metadata.name,
          replicas,
          // A pod that cannot start is replaced by the next version of it, not waited for.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selector },
          template: { metadata: { labels }, spec: keycloakPod(args, secret.metadata.name) },
        },
      },
      {
        ...this.inside,
        // No pod of it ever runs outside of its policy.
        dependsOn: [policy],
        customTimeouts: { create: READY_WITHIN, update: READY_WITHIN },
      },
    );
    if (replicas > 1) this.#disruptionBudget(metadata);
    this.registerOutputs({});
  }

  /** One for requests, and one that names each pod, whose health and metrics are its own. */
  #services(metadata: Metadata): k8s.core.v1.Service {
    const http = { name: "http", port: KEYCLOAK_PORT, targetPort: "http" };
    new k8s.core.v1.Service(
      this.child("service"),
      { metadata, spec: { type: "ClusterIP", selector, ports: [http] } },
      this.inside,
    );
    const management = { name: "management", port: MANAGEMENT_PORT, targetPort: "management" };
    return new k8s.core.v1.Service(
      this.child("headless-service"),
      {
        metadata: { ...metadata, name: `${KEYCLOAK}-headless` },
        spec: { type: "ClusterIP", clusterIP: "None", publishNotReadyAddresses: true, selector, ports: [management] },
      },
      this.inside,
    );
  }

  #disruptionBudget(metadata: Metadata): void {
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
  }
}
