import * as pulumi from "@pulumi/pulumi";

/**
 * A part of the platform: `carrel:<folder>:<Class>`. The names of its children begin with its own name, so that two
 * instances never collide and a URN can be read.
 */
export abstract class Part extends pulumi.ComponentResource {
  readonly #name: string;

  /** @param type stable for ever: it is part of every child's URN */
  protected constructor(type: `carrel:${string}:${string}`, name: string, opts: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    this.#name = name;
  }

  /** The name of a child. */
  protected child(part: string): string {
    return `${this.#name}-${part}`;
  }

  /** Options of a child. */
  protected get inside(): pulumi.CustomResourceOptions {
    return { parent: this };
  }
}
