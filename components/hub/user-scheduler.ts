import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { toApiServer, toDns } from "../core/network.ts";
import { ownProbes, spreadOverNodes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";
import { USER_SCHEDULER } from "./user-scheduler-access.ts";

export interface UserSchedulerArgs {
  readonly namespace: pulumi.Input<string>;
  /** Of kube-scheduler, not newer than the cluster's API server. */
  readonly image: pulumi.Input<string>;
  readonly serviceAccount: pulumi.Input<string>;
  readonly priorityClass: string;
  /** What pods name in `schedulerName`. */
  readonly schedulerName: string;
  /** Where its lease is: `namespace`, known beforehand. */
  readonly leaseNamespace: string;
  readonly controlPlaneCidrs: readonly string[];
}

const REPLICAS = 2;
/** Of upstream's image: nobody. */
const UID = 65534;
const CONFIG_DIR = "/etc/user-scheduler";
const CONFIG_FILE = "config.json";
const GROUP = "kubescheduler.config.k8s.io/v1";
/** What a node is chosen by; each outweighs what follows: what the pod prefers, how full the node is, whether it has the image. */
const weights = { NodeAffinity: 100_000, InterPodAffinity: 10_000, NodeResourcesFit: 1_000, ImageLocality: 1 };

const selector = selectorLabels(USER_SCHEDULER);
const labels = { ...commonLabels("hub"), ...selector };

type Container = k8s.types.input.core.v1.Container;

/** The KubeSchedulerConfiguration of a scheduler that fills one node before it begins the next. */
export function schedulerConfiguration(schedulerName: string, leaseNamespace: string): Record<string, unknown> {
  const weighted = Object.entries(weights).map(([name, weight]) => ({ name, weight }));
  const scoringStrategy = {
    type: "MostAllocated",
    resources: [
      { name: "cpu", weight: 1 },
      { name: "memory", weight: 1 },
    ],
  };
  return {
    apiVersion: GROUP,
    kind: "KubeSchedulerConfiguration",
    leaderElection: { leaderElect: true, resourceName: USER_SCHEDULER, resourceNamespace: leaseNamespace },
    profiles: [
      {
        schedulerName,
        plugins: {
          score: {
            // It spreads what this one packs.
            disabled: [{ name: "NodeResourcesBalancedAllocation" }, ...Object.keys(weights).map((name) => ({ name }))],
            enabled: weighted,
          },
        },
        pluginConfig: [
          { name: "NodeResourcesFit", args: { apiVersion: GROUP, kind: "NodeResourcesFitArgs", scoringStrategy } },
        ],
      },
    ],
  };
}

function container({ image }: UserSchedulerArgs): Container {
  return {
    name: USER_SCHEDULER,
    image,
    // Nobody logs in to it: without the lookup it needs no right to read the cluster's authorities.
    command: ["kube-scheduler", `--config=${CONFIG_DIR}/${CONFIG_FILE}`, "--authentication-skip-lookup=true"],
    securityContext: restrictedContainer,
    ports: [{ name: "https", containerPort: 10259 }],
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    ...ownProbes({ port: "https", scheme: "HTTPS" }),
    volumeMounts: [{ name: "config", mountPath: CONFIG_DIR, readOnly: true }],
  };
}

function podSpec(args: UserSchedulerArgs, config: pulumi.Output<string>): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: true,
    priorityClassName: args.priorityClass,
    securityContext: { ...restrictedPod, runAsUser: UID, runAsGroup: UID, fsGroup: UID },
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selector),
    containers: [container(args)],
    volumes: [{ name: "config", configMap: { name: config } }],
  };
}

/**
 * A second kube-scheduler, for notebook servers: it packs them, so that nodes empty and a cluster's autoscaler can remove
 * them. Two pods, of which one works.
 */
export class UserScheduler extends Part {
  constructor(name: string, args: UserSchedulerArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:UserScheduler", name, opts);
    const { namespace, controlPlaneCidrs } = args;
    const metadata = { name: USER_SCHEDULER, namespace, labels };
    const policySpec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [toApiServer(controlPlaneCidrs), toDns],
    };
    const policy = new k8s.networking.v1.NetworkPolicy(
      this.child("network-policy"),
      { metadata, spec: policySpec },
      this.inside,
    );
    const spec = {
      replicas: REPLICAS,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { metadata: { labels }, spec: podSpec(args, this.#config(args)) },
    };
    new k8s.apps.v1.Deployment(
      this.child("deployment"),
      { metadata, spec },
      // No pod of it ever runs outside of its policy.
      { ...this.inside, dependsOn: [policy] },
    );
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
    this.registerOutputs({});
  }

  /** Another configuration is another ConfigMap, whose name rolls the pods. */
  #config({ namespace, schedulerName, leaseNamespace }: UserSchedulerArgs): pulumi.Output<string> {
    const text = `${JSON.stringify(schedulerConfiguration(schedulerName, leaseNamespace), null, 2)}\n`;
    const args = { metadata: { namespace, labels }, immutable: true, data: { [CONFIG_FILE]: text } };
    return new k8s.core.v1.ConfigMap(this.child("config"), args, this.inside).metadata.name;
  }
}
