import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { API_VERSION } from "../../crds/schema.ts";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface StarterArgs {
  /** Of the notebook image, as nodes pull it. */
  readonly notebookImage: string;
}

interface Offer {
  readonly part: string;
  readonly kind: "Group" | "InstanceType" | "Image";
  readonly name: string;
  readonly spec: object;
}

/** Binds an instance type or an image to everybody (docs/guides/identity.md). */
const FOR_EVERYBODY = { "carrel.dev/global": "true" };

const offersWith = (notebookImage: string): readonly Offer[] => [
  {
    ...{ part: "group", kind: "Group", name: "first" },
    spec: {
      displayName: "First group",
      quota: { cpu: "4", memory: "8Gi", gpu: "0" },
      memberQuota: { cpu: "2", memory: "4Gi" },
      volume: { size: "1Gi" },
    },
  },
  {
    ...{ part: "small", kind: "InstanceType", name: "small" },
    spec: { displayName: "Small", description: "Half a CPU and 1 GiB", cpu: "500m", memory: "1Gi" },
  },
  {
    ...{ part: "medium", kind: "InstanceType", name: "medium" },
    spec: { displayName: "Medium", description: "2 CPUs and 4 GiB", cpu: "2", memory: "4Gi" },
  },
  {
    ...{ part: "image", kind: "Image", name: "minimal" },
    spec: { displayName: "Minimal", description: "JupyterLab and Python", reference: notebookImage },
  },
];

/**
 * What somebody needs to begin with: a group, two sizes and an image. They are the administrators' from then on: what people
 * change in them stays.
 */
export class Starter extends Part {
  constructor(name: string, { notebookImage }: StarterArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:starter:Starter", name, opts);
    const own = { ...this.inside, ignoreChanges: ["spec", "metadata.annotations"] };
    for (const { part, kind, name: objectName, spec } of offersWith(notebookImage)) {
      const annotations = kind === "Group" ? {} : { annotations: FOR_EVERYBODY };
      const metadata = { name: objectName, labels: commonLabels("starter"), ...annotations };
      const args = { apiVersion: API_VERSION, kind, metadata, spec };
      new k8s.apiextensions.CustomResource(this.child(part), args, own);
    }
    this.registerOutputs({});
  }
}
