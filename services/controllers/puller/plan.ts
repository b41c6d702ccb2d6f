import { createHash } from "node:crypto";
import type { Image } from "../../../crds/index.ts";
import { slug } from "../../../quota/owner.ts";
import type { KubeObject } from "../../lib/kube/client.ts";

/** What every node of some architectures pulls. */
export interface Pull {
  /** Of the DaemonSet. */
  readonly name: string;
  /** Of the Image. */
  readonly image: string;
  readonly reference: string;
  readonly pullSecret: string | undefined;
  /** The nodes' architecture; all but some where the Image has a reference of its own for those. */
  readonly architecture: { readonly operator: "In" | "NotIn"; readonly values: readonly string[] } | undefined;
}

/** What the site sets about the pods that pull. */
export interface PullerSettings {
  /** Where the DaemonSets are. */
  readonly namespace: string;
  /** What a pod runs once it has pulled. */
  readonly pauseImage: string;
  readonly priorityClass: string;
}

/** More pods than these would leave a node too few of its usual 110 for people. */
export const MOST_PULLS = 50;

const NAME = "image-puller";
const NAME_LABEL = "app.kubernetes.io/name";
const MANAGED_LABEL = "app.kubernetes.io/managed-by";
const MANAGER = "carrel";
const PULL_LABEL = "carrel.dev/pull";
const IMAGE_ANNOTATION = "carrel.dev/image";
/** Of the spec that a DaemonSet was made with, which the API server then fills with defaults. */
const HASH_ANNOTATION = "carrel.dev/spec-hash";
const HASH_LENGTH = 16;
/** Nobody. */
const UID = 65534;
const ownLabels: Readonly<Record<string, string>> = { [NAME_LABEL]: NAME, [MANAGED_LABEL]: MANAGER };
/** Selects all DaemonSets that are made here. */
export const OWN_SELECTOR = Object.entries(ownLabels)
  .map(([label, value]) => `${label}=${value}`)
  .join(",");

/** Whether a DaemonSet was made here. */
export const isOurs = ({ metadata: { labels = {} } }: KubeObject): boolean =>
  Object.entries(ownLabels).every(([label, value]) => labels[label] === value);

/** An architecture's own is told apart from an Image of such a name by the hash that a space brings. */
const daemonSetName = (image: string, architecture?: string): string =>
  `${NAME}-${slug(architecture === undefined ? image : `${image} ${architecture}`)}`;

/**
 * What is pulled of an Image: its reference, and those of other architectures. Where an accelerator decides, no label of a node
 * says so: those are left to whoever starts first.
 */
function pullsOfImage({ metadata: { name }, spec, status }: Image): Pull[] {
  const others = new Map<string, string>();
  for (const { architecture, accelerator, reference } of spec.variants ?? []) {
    // The first that fits is what a server gets.
    if (architecture !== undefined && accelerator === undefined && !others.has(architecture))
      others.set(architecture, reference);
  }
  const own = { image: name, pullSecret: spec.pullSecret ?? undefined };
  const reference = spec.build ? status?.build?.reference : spec.reference;
  const rest = others.size === 0 ? undefined : ({ operator: "NotIn", values: [...others.keys()].sort() } as const);
  const usual = reference === undefined ? [] : [{ ...own, name: daemonSetName(name), reference, architecture: rest }];
  const special = [...others].map(([architecture, other]) => ({
    ...own,
    name: daemonSetName(name, architecture),
    reference: other,
    architecture: { operator: "In", values: [architecture] } as const,
  }));
  return [...usual, ...special];
}

/** What is pulled of all Images, by name; what is too much is `left`. */
export function pullsOf(images: Iterable<Image>): { readonly pulls: readonly Pull[]; readonly left: readonly Pull[] } {
  const byName = [...images].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const all = byName.flatMap(pullsOfImage);
  return { pulls: all.slice(0, MOST_PULLS), left: all.slice(MOST_PULLS) };
}

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

function affinityOf({ architecture }: Pull): object {
  if (architecture === undefined) return {};
  const matchExpressions = [{ key: "kubernetes.io/arch", ...architecture }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
}

function podSpec(pull: Pull, { pauseImage, priorityClass }: PullerSettings): object {
  const nothing = { requests: { cpu: "0", memory: "0" } };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: priorityClass,
    terminationGracePeriodSeconds: 0,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: UID, runAsGroup: UID },
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(pull.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pull.pullSecret }] }),
    ...affinityOf(pull),
    initContainers: [
      {
        name: "pull",
        image: pull.reference,
        imagePullPolicy: "IfNotPresent",
        command: ["/bin/sh", "-c", "true"],
        securityContext: restricted,
        resources: nothing,
      },
    ],
    // While it runs, the kubelet does not remove the image to gain room.
    containers: [{ name: "pause", image: pauseImage, securityContext: restricted, resources: nothing }],
  };
}

/** The DaemonSet that pulls. One for each: an image that cannot be pulled keeps no other from it. */
export function daemonSet(pull: Pull, settings: PullerSettings): KubeObject {
  const key = { [PULL_LABEL]: pull.name.slice(NAME.length + 1) };
  const spec = {
    selector: { matchLabels: key },
    revisionHistoryLimit: 1,
    // A pod that cannot pull must not stand in the way of what can be pulled in its place.
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
    template: { metadata: { labels: { ...ownLabels, ...key } }, spec: podSpec(pull, settings) },
  };
  const hash = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, HASH_LENGTH);
  const metadata = {
    name: pull.name,
    namespace: settings.namespace,
    labels: { ...ownLabels, ...key },
    annotations: { [IMAGE_ANNOTATION]: pull.image, [HASH_ANNOTATION]: hash },
  };
  return { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec } as KubeObject;
}

/** What has to be done; an update carries the version that it is of. */
export type PullAction =
  | { readonly kind: "create"; readonly object: KubeObject }
  | { readonly kind: "update"; readonly object: KubeObject }
  | { readonly kind: "delete"; readonly name: string; readonly uid: string };

/** Compares what is wanted with the DaemonSets that are there; those of others are left alone. */
export function planPulls(wanted: readonly KubeObject[], live: Iterable<KubeObject>): PullAction[] {
  const there = new Map([...live].filter(isOurs).map((one) => [one.metadata.name, one]));
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  const hashOf = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[HASH_ANNOTATION];
  const kept = wanted.flatMap((object): PullAction[] => {
    const found = there.get(object.metadata.name);
    if (found === undefined) return [{ kind: "create", object }];
    if (hashOf(found) === hashOf(object)) return [];
    const { resourceVersion = "" } = found.metadata;
    return [{ kind: "update", object: { ...object, metadata: { ...object.metadata, resourceVersion } } }];
  });
  const removed = [...there.values()]
    .filter(({ metadata }) => !names.has(metadata.name))
    .map(({ metadata: { name, uid = "" } }): PullAction => ({ kind: "delete", name, uid }));
  return [...kept, ...removed];
}
