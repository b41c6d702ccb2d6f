import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface PrioritiesArgs {
  /** Begins the names of the classes, which are cluster-wide. */
  readonly prefix: string;
}

const classes = [
  { part: "platform", value: 1_000_000, description: "The platform itself: it goes before all work" },
  { part: "notebook", value: 10_000, description: "People wait in front of these" },
  { part: "batch", value: 1_000, description: "Runs, schedules and image builds" },
  { part: "placeholder", value: -10, description: "Keeps room warm for people; gives way to everybody" },
] as const;

/** What gives way to what when a node is full. */
export class Priorities extends Part {
  readonly platform: string;

  constructor(name: string, { prefix }: PrioritiesArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:foundation:Priorities", name, opts);
    this.platform = `${prefix}-platform`;
    for (const { part, value, description } of classes) {
      const metadata = { name: `${prefix}-${part}`, labels: commonLabels("foundation") };
      new k8s.scheduling.v1.PriorityClass(this.child(part), { metadata, value, description }, this.inside);
    }
    this.registerOutputs({ platform: this.platform });
  }
}
