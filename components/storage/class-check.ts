import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";

export interface ClassCheckArgs {
  /** Names of StorageClasses of the cluster. */
  readonly classes: readonly string[];
  /** What is to be said of a class of this provisioner. */
  readonly judge: (name: string, provisioner: string) => { readonly problem?: string; readonly warning?: string };
}

/** Reads the classes of homes and shared volumes, at preview too, before a volume is claimed that nobody can move. */
export class ClassCheck extends Part {
  /** Fails with what is wrong. */
  readonly verified: pulumi.Output<void>;

  constructor(name: string, { classes, judge }: ClassCheckArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:storage:ClassCheck", name, opts);
    const verdicts = classes.map((className) =>
      k8s.storage.v1.StorageClass.get(this.child(className), className, this.inside).provisioner.apply((provisioner) =>
        judge(className, provisioner),
      ),
    );
    this.verified = pulumi.all(verdicts).apply(async (found) => {
      for (const { warning } of found) if (warning !== undefined) await pulumi.log.warn(warning, this);
      const wrong = found.flatMap(({ problem }) => problem ?? []);
      if (wrong.length > 0)
        throw new pulumi.ResourceError(
          `volumes that people share cannot be kept here:\n${wrong.map((line) => `  - ${line}`).join("\n")}`,
          this,
          true,
        );
    });
    // Registered, so that a failure is the program's.
    this.registerOutputs({ verified: this.verified });
  }
}
