import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";

export interface PlaceholdersArgs {
  /** One whose pods count for nobody's quota. */
  readonly namespace: pulumi.Input<string>;
  /** Of pause. */
  readonly image: pulumi.Input<string>;
  /** Below every other. */
  readonly priorityClass: string;
  readonly count: number;
  /** Of each, as Kubernetes writes quantities. */
  readonly cpu: string;
  readonly memory: string;
  /** That of notebook servers. @default the cluster's own */
  readonly schedulerName?: string;
}

const PLACEHOLDER = "placeholder";
/** Of upstream's image: nobody. */
const UID = 65534;

const selector = selectorLabels(PLACEHOLDER);
const labels = { ...commonLabels("hub"), ...selector };

function podSpec(args: PlaceholdersArgs): k8s.types.input.core.v1.PodSpec {
  const { image, priorityClass, cpu, memory, schedulerName } = args;
  const size = { cpu, memory };
  return {
    automountServiceAccountToken: false,
    priorityClassName: priorityClass,
    ...(schedulerName === undefined ? {} : { schedulerName }),
    securityContext: { ...restrictedPod, runAsUser: UID, runAsGroup: UID, fsGroup: UID },
    // Somebody waits for its room.
    terminationGracePeriodSeconds: 0,
    enableServiceLinks: false,
    containers: [
      { name: "pause", image, securityContext: restrictedContainer, resources: { requests: size, limits: size } },
    ],
  };
}

/**
 * Pods that do nothing but keep room for notebook servers. A server that finds no other room puts one out; a placeholder that
 * finds none waits, which makes a cluster's autoscaler bring a node before somebody needs it.
 */
export class Placeholders extends Part {
  constructor(name: string, args: PlaceholdersArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:Placeholders", name, opts);
    const metadata = {
      name: PLACEHOLDER,
      namespace: args.namespace,
      labels,
      // Those that find no room are as they should be.
      annotations: { "pulumi.com/skipAwait": "true" },
    };
    const spec = {
      replicas: args.count,
      selector: { matchLabels: selector },
      // One that cannot run must not stand in the way of a change.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%", maxSurge: 0 } },
      template: { metadata: { labels }, spec: podSpec(args) },
    };
    new k8s.apps.v1.Deployment(this.child("deployment"), { metadata, spec }, this.inside);
    this.registerOutputs({});
  }
}
