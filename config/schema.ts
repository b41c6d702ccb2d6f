import { exposureKeys } from "./exposure-keys.ts";
import type { Key, TypeOf } from "./key.ts";
import { partKeys } from "./part-keys.ts";
import { platformKeys } from "./platform-keys.ts";
import { serviceKeys } from "./service-keys.ts";

/** Every object of the configuration, and what its keys are about. */
export const sections = {
  cluster: "The cluster to deploy to.",
  images: "Where the platform's own images are pushed to and pulled from, and what they are built on.",
  network: "What the closed network has to know of the cluster's surroundings.",
  ssh: "How notebook servers are reached by SSH.",
  exposure: "The gateway that answers for every public name.",
  platform: "What is installed.",
  identity: "Keycloak, and the database it keeps people and groups in.",
  hub: "JupyterHub, which starts notebook servers.",
  culling: "When notebook servers are stopped that nobody uses.",
  storage: "Where homes, shared volumes and databases are kept.",
  placement: "Which nodes servers go to, and what is kept ready there.",
  admission: "The webhook that holds quotas.",
  quota: "What the quota of groups counts.",
  imageMirror: "Registries that images of pods are taken from instead of their own.",
  podDefaults: "How PodDefaults are applied to pods.",
  certificates: "The certificates that the platform signs for itself.",
} as const;

/** Every key of the configuration, in the order in which problems and documentation name them. */
export const keys = { ...platformKeys, ...exposureKeys, ...partKeys, ...serviceKeys } as const satisfies Readonly<
  Record<string, Key>
>;

/** A section's name. */
export type Section = keyof typeof sections;

/** A key's place: `host`, or `images.registry` in the object `carrel:images`. */
export type KeyPath = keyof typeof keys;

/** The type of a key's value. */
export type ValueAt<P extends KeyPath> = (typeof keys)[P] extends { readonly options: readonly (infer Option)[] }
  ? Option
  : TypeOf[(typeof keys)[P]["type"]];
