import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface HubConfigurationArgs {
  readonly namespace: pulumi.Input<string>;
  /** Texts by their path below the folder that the hub reads its configuration from. */
  readonly files: Readonly<Record<string, string>>;
  /** What the hub is told, as services/hub/carrel_hub/settings.py reads it; no secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The file in the ConfigMap of the settings. */
export const SETTINGS_FILE = "hub.json";

/** Keys of a ConfigMap have no slashes. */
const keyOf = (path: string): string => path.replaceAll("/", "--");

/** The hub's own program and settings. Another content is another ConfigMap, whose name rolls the hub. */
export class HubConfiguration extends Part {
  /** Name of the program's ConfigMap, and where its entries belong. */
  readonly program: pulumi.Output<string>;
  readonly items: readonly { readonly key: string; readonly path: string }[];
  /** Name of the settings' ConfigMap. */
  readonly settings: pulumi.Output<string>;

  constructor(name: string, args: HubConfigurationArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:HubConfiguration", name, opts);
    const { namespace, files, settings } = args;
    this.items = Object.keys(files).map((path) => ({ key: keyOf(path), path }));
    const program = Object.fromEntries(Object.entries(files).map(([path, text]) => [keyOf(path), text]));
    this.program = this.#configMap("program", namespace, program);
    const text = `${JSON.stringify(settings, null, 2)}\n`;
    this.settings = this.#configMap("settings", namespace, { [SETTINGS_FILE]: text });
    this.registerOutputs({ program: this.program, settings: this.settings });
  }

  #configMap(part: string, namespace: pulumi.Input<string>, data: Record<string, string>): pulumi.Output<string> {
    const metadata = { namespace, labels: commonLabels("hub") };
    const args = { metadata, immutable: true, data };
    return new k8s.core.v1.ConfigMap(this.child(part), args, this.inside).metadata.name;
  }
}
