import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "./component.ts";
import { commonLabels, selectorLabels } from "./labels.ts";
import { namespace, tcp } from "./network.ts";
import { METRICS_PORT, ownProbes, spreadOverNodes } from "./own-pod.ts";
import { restrictedContainer, restrictedPod } from "./pod-security.ts";

type Core = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;
type PolicySpec = k8s.types.input.networking.v1.NetworkPolicySpec;

/** A program of ours, as it differs from the others. */
export interface Program {
  /** Of its objects and its container, and of its pods in labels. */
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  /** At least two where it must not be down in a drain. */
  readonly replicas: number;
  /** Port of the container by its name, and of the Service where that is another one; metrics are on 9090 beside. */
  readonly ports: readonly { readonly name: string; readonly container: number; readonly service?: number }[];
  readonly container: Required<Pick<Core, "image" | "env" | "resources" | "volumeMounts">>;
  readonly pod: Required<
    Pick<PodSpec, "automountServiceAccountToken" | "priorityClassName" | "terminationGracePeriodSeconds" | "volumes">
  > &
    Pick<PodSpec, "serviceAccountName">;
  /** Of the pods: whose change rolls them. */
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Files that kubelets put into pods that run. */
  readonly configMap?: { readonly child: string; readonly name: string; readonly data: Record<string, string> };
  /** Who may come, beside who scrapes metrics, and where it may go. */
  readonly network: Required<Pick<PolicySpec, "egress">> & {
    readonly ingress: readonly k8s.types.input.networking.v1.NetworkPolicyIngressRule[];
    readonly monitoringNamespace: string;
  };
}

function podSpec({ name, ports, container, pod }: Program): PodSpec {
  return {
    ...pod,
    securityContext: restrictedPod,
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selectorLabels(name)),
    containers: [
      {
        name,
        securityContext: restrictedContainer,
        ports: [
          ...ports.map((port) => ({ name: port.name, containerPort: port.container })),
          { name: "metrics", containerPort: METRICS_PORT },
        ],
        ...ownProbes(),
        ...container,
      },
    ],
  };
}

function policySpec({ name, network: { ingress, egress, monitoringNamespace } }: Program): PolicySpec {
  return {
    podSelector: { matchLabels: selectorLabels(name) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [...ingress, { from: [namespace(monitoringNamespace)], ports: tcp("metrics") }],
    egress,
  };
}

const servicePorts = ({ ports }: Program): k8s.types.input.core.v1.ServicePort[] => [
  ...ports.map(({ name, container, service = container }) => ({ name, port: service, targetPort: name })),
  { name: "metrics", port: METRICS_PORT, targetPort: "metrics" },
];

/** A program behind a Service: replicas spread over nodes, never all down by a drain or an upgrade, restricted and probed. */
export abstract class ReplicatedService extends Part {
  readonly service: k8s.core.v1.Service;
  readonly deployment: k8s.apps.v1.Deployment;

  protected constructor(
    type: `carrel:${string}:${string}`,
    name: string,
    program: Program,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super(type, name, opts);
    const selector = selectorLabels(program.name);
    const labels = { ...commonLabels(program.name), ...selector };
    const metadata = { name: program.name, namespace: program.namespace, labels };
    const { annotations } = program;
    this.deployment = new k8s.apps.v1.Deployment(
      this.child("deployment"),
      {
        metadata,
        spec: {
          replicas: program.replicas,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: { metadata: { labels, ...(annotations ? { annotations } : {}) }, spec: podSpec(program) },
        },
      },
      { ...this.inside, dependsOn: this.#needed(program, metadata) },
    );
    this.service = new k8s.core.v1.Service(
      this.child("service"),
      { metadata, spec: { type: "ClusterIP", selector, ports: servicePorts(program) } },
      this.inside,
    );
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
    this.registerOutputs({});
  }

  /** No pod of it ever runs outside of its policy, or without its files. */
  #needed(program: Program, metadata: k8s.types.input.meta.v1.ObjectMeta): pulumi.Resource[] {
    const policy = { metadata, spec: policySpec(program) };
    const needed = [new k8s.networking.v1.NetworkPolicy(this.child("network-policy"), policy, this.inside)];
    if (program.configMap === undefined) return needed;
    const { child, name, data } = program.configMap;
    return [
      ...needed,
      new k8s.core.v1.ConfigMap(this.child(child), { metadata: { ...metadata, name }, data }, this.inside),
    ];
  }
}
