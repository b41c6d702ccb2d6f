import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type CustomResourceDefinition, GROUP } from "../../crds/schema.ts";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface DefinitionsArgs {
  readonly definitions: readonly CustomResourceDefinition[];
}

/** A plural is enough within the platform's own group; others are named whole, because plurals repeat. */
const partOf = (name: string): string => (name.endsWith(`.${GROUP}`) ? name.slice(0, -GROUP.length - 1) : name);

type CrdArgs = k8s.apiextensions.v1.CustomResourceDefinitionArgs;

/** The custom resources of the platform; what uses them depends on this. */
export class Definitions extends Part {
  constructor(name: string, { definitions }: DefinitionsArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:foundation:Definitions", name, opts);
    for (const { metadata, spec } of definitions) {
      const args = {
        metadata: { ...metadata, labels: commonLabels("foundation") },
        spec: spec as unknown as CrdArgs["spec"],
      };
      new k8s.apiextensions.v1.CustomResourceDefinition(this.child(partOf(metadata.name)), args, this.inside);
    }
    this.registerOutputs({});
  }
}
