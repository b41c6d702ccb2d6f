import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { namespace as everythingIn, tcp, toApiServer, toDns } from "../core/network.ts";
import { GATEWAY_API, type TcpTarget } from "./routes.ts";
import {
  clusterRules,
  routeRules,
  sshConfiguration,
  TRAEFIK,
  type TraefikSettings,
  traefikPod,
} from "./traefik-spec.ts";

export interface TraefikArgs extends TraefikSettings {
  /** Begins the names of cluster-wide objects, and is the GatewayClass's. */
  readonly prefix: string;
  readonly controlPlaneCidrs: readonly string[];
  /** Namespace that scrapes metrics. */
  readonly monitoringNamespace: string;
  readonly ssh?: TcpTarget;
  /** Name of MetalLB's pool that gives the address. @default the cluster's own load balancer */
  readonly addressPool?: string;
}

const CONTROLLER = "traefik.io/gateway-controller";
const RBAC_GROUP = "rbac.authorization.k8s.io";

/** Traefik as the platform's implementation of the Gateway API, behind one address that keeps those of clients. */
export class Traefik extends Part {
  readonly gatewayClass: string;

  constructor(name: string, args: TraefikArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:exposure:Traefik", name, opts);
    this.gatewayClass = args.prefix;
    const selector = selectorLabels(TRAEFIK);
    const labels = { ...commonLabels("exposure"), ...selector };
    const metadata = { name: TRAEFIK, namespace: args.namespace, labels };
    const access = this.#access(args, metadata);
    const ssh = sshConfiguration(args.ssh);
    const configMap = new k8s.core.v1.ConfigMap(
      this.child("dynamic"),
      { metadata: { ...metadata, name: `${TRAEFIK}-dynamic` }, data: { "ssh.json": ssh } },
      this.inside,
    );
    const policy = this.#networkPolicy(args, metadata, selector);
    // A pod reads its configuration once it changes, but not from a mounted ConfigMap at once.
    const annotations = { "carrel.dev/ssh-configuration": createHash("sha256").update(ssh).digest("hex").slice(0, 16) };
    const deployment = new k8s.apps.v1.Deployment(
      this.child("deployment"),
      {
        metadata,
        spec: {
          replicas: args.replicas,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels, annotations },
            spec: traefikPod(args, TRAEFIK, `${TRAEFIK}-dynamic`),
          },
        },
      },
      { ...this.inside, dependsOn: [...access, configMap, policy] },
    );
    this.#front(args, metadata, selector);
    this.#class(deployment);
    this.registerOutputs({ gatewayClass: this.gatewayClass });
  }

  /** After the Deployment, so that a Gateway of the class has somebody to serve it. */
  #class(deployment: pulumi.Resource): void {
    const gatewayClass = {
      apiVersion: GATEWAY_API,
      kind: "GatewayClass",
      metadata: { name: this.gatewayClass, labels: commonLabels("exposure") },
      spec: { controllerName: CONTROLLER },
    };
    new k8s.apiextensions.CustomResource(this.child("class"), gatewayClass, {
      ...this.inside,
      dependsOn: [deployment],
    });
  }

  #access(args: TraefikArgs, metadata: k8s.types.input.meta.v1.ObjectMeta): pulumi.Resource[] {
    const { namespace, prefix, namespaces } = args;
    const labels = commonLabels("exposure");
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata, automountServiceAccountToken: false },
      this.inside,
    );
    const subjects = [{ kind: "ServiceAccount", name: TRAEFIK, namespace }];
    const role = (
      part: string,
      rules: k8s.types.input.rbac.v1.PolicyRule[],
    ): { apiGroup: string; kind: string; name: string } => {
      const roleMetadata = { name: `${prefix}-gateway-${part}`, labels };
      new k8s.rbac.v1.ClusterRole(this.child(`${part}-role`), { metadata: roleMetadata, rules }, this.inside);
      return { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: roleMetadata.name };
    };
    const cluster = role("cluster", clusterRules);
    const routes = role("routes", routeRules);
    const everywhere = new k8s.rbac.v1.ClusterRoleBinding(
      this.child("cluster-role-binding"),
      { metadata: { name: cluster.name, labels }, roleRef: cluster, subjects },
      this.inside,
    );
    const bindings = [...new Set([namespace, ...namespaces])]
      .sort()
      .map(
        (where) =>
          new k8s.rbac.v1.RoleBinding(
            this.child(`${where}-role-binding`),
            { metadata: { name: routes.name, namespace: where, labels }, roleRef: routes, subjects },
            this.inside,
          ),
      );
    return [account, everywhere, ...bindings];
  }

  #front(
    { ports, addressPool }: TraefikArgs,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
    selector: Record<string, string>,
  ): void {
    const annotations = addressPool === undefined ? {} : { annotations: { "metallb.io/address-pool": addressPool } };
    const servicePorts = Object.entries(ports).map(([name, port]) => ({ name, port, targetPort: name }));
    new k8s.core.v1.Service(
      this.child("service"),
      {
        metadata: { ...metadata, ...annotations },
        // Local: a second hop would put a node's address in the client's place.
        spec: { type: "LoadBalancer", externalTrafficPolicy: "Local", selector, ports: servicePorts },
      },
      this.inside,
    );
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
  }

  #networkPolicy(
    { namespaces, ssh, controlPlaneCidrs, monitoringNamespace }: TraefikArgs,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
    selector: Record<string, string>,
  ): k8s.networking.v1.NetworkPolicy {
    const behind = [...new Set([...namespaces, ...(ssh === undefined ? [] : [ssh.namespace])])].sort();
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: tcp("http", "https", "ssh") },
        { from: [everythingIn(monitoringNamespace)], ports: tcp("admin") },
      ],
      egress: [toApiServer(controlPlaneCidrs), toDns, { to: behind.map(everythingIn) }],
    };
    return new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
  }
}
