import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";
import {
  GATEWAY,
  GATEWAY_API,
  gatewaySpec,
  httpRouteSpec,
  type ListenerPorts,
  listenerNames,
  type RedirectTarget,
  type Route,
  redirectSpec,
  type TcpTarget,
  tcpRouteSpec,
} from "./routes.ts";

export interface PublicGatewayArgs {
  /** Of the Gateway, of its certificate and of redirects; known at preview time. */
  readonly namespace: string;
  readonly gatewayClass: string;
  readonly ports: ListenerPorts;
  /** Secret of type kubernetes.io/tls in `namespace`, for all names. */
  readonly tlsSecret: pulumi.Input<string>;
  /** Every public name. */
  readonly hosts: readonly string[];
  /** Names that are redirected to the canonical one. */
  readonly otherHosts: readonly string[];
  readonly canonicalHost: string;
  readonly routes: readonly Route[];
  /** Undefined where SSH is not served, or not by a TCPRoute. */
  readonly ssh?: TcpTarget;
}

/** The label by which implementations mark the pods that they start for a Gateway. */
const GATEWAY_NAME_LABEL = "gateway.networking.k8s.io/gateway-name";

/** The one Gateway of the platform with all of its routes; what stands in none of them cannot be reached. */
export class PublicGateway extends Part {
  constructor(name: string, args: PublicGatewayArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:exposure:PublicGateway", name, opts);
    const { namespace, routes, ssh, ports } = args;
    const gateway = this.#object("Gateway", "gateway", { name: GATEWAY, namespace }, this.#gatewaySpec(args));
    const after = { dependsOn: [gateway] };
    for (const route of routes) {
      const metadata = { name: route.name, namespace: route.namespace };
      this.#object("HTTPRoute", `route-${route.name}`, metadata, httpRouteSpec(route, namespace), after);
    }
    if (ssh !== undefined) {
      const metadata = { name: "ssh", namespace: ssh.namespace };
      this.#object("TCPRoute", "route-ssh", metadata, tcpRouteSpec(ssh, namespace), after);
    }
    const redirect = (
      part: string,
      hosts: readonly string[],
      listeners: readonly string[],
      to: RedirectTarget,
    ): void => {
      const metadata = { name: part, namespace };
      this.#object("HTTPRoute", part, metadata, redirectSpec(hosts, listeners, to, namespace), after);
    };
    redirect("to-https", args.hosts, [listenerNames.http], { port: ports.https });
    if (args.otherHosts.length > 0) {
      const to = { host: args.canonicalHost, port: ports.https };
      redirect("to-host", args.otherHosts, [listenerNames.http, listenerNames.https], to);
    }
    this.#networkPolicy(namespace);
    this.registerOutputs({});
  }

  #gatewaySpec({ gatewayClass, ports, namespace, routes, ssh, tlsSecret }: PublicGatewayArgs): object {
    const others = ssh === undefined ? [] : [ssh.namespace];
    const namespaces = [namespace, ...routes.map((route) => route.namespace), ...others];
    return gatewaySpec(gatewayClass, ports, namespaces, tlsSecret);
  }

  #object(
    kind: string,
    part: string,
    metadata: { readonly name: string; readonly namespace: string },
    spec: object,
    more: pulumi.CustomResourceOptions = {},
  ): pulumi.Resource {
    const args = {
      apiVersion: GATEWAY_API,
      kind,
      metadata: { ...metadata, labels: commonLabels("exposure") },
      spec,
    };
    return new k8s.apiextensions.CustomResource(this.child(part), args, { ...this.inside, ...more });
  }

  /** Some implementations start their pods beside the Gateway: those are what everybody may reach. */
  #networkPolicy(namespace: string): void {
    const metadata = { name: "gateway", namespace, labels: commonLabels("exposure") };
    const spec = {
      podSelector: { matchLabels: { [GATEWAY_NAME_LABEL]: GATEWAY } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{}],
      egress: [{}],
    };
    new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), { metadata, spec }, this.inside);
  }
}
