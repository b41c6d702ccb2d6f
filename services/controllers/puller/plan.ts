import { createHash } from "node:crypto";
import type { Image, InstanceType } from "../../../crds/index.ts";
import { slug } from "../../../quota/owner.ts";
import type { KubeObject } from "../../lib/kube/client.ts";
import { HOST, hasResource, type Places, tolerationsOf } from "./nodes.ts";

/** What every node of some pulls. */
export interface Pull {
  /** Of the DaemonSet. */
  readonly name: string;
  /** Of the Image. */
  readonly image: string;
  readonly reference: string;
  readonly pullSecret: string | undefined;
  /** The nodes' architecture; all but some where the Image has a reference of its own for those. */
  readonly architecture: { readonly operator: "In" | "NotIn"; readonly values: readonly string[] } | undefined;
  /** The host names of nodes that have the accelerator that it is for; undefined where it is for none. */
  readonly hosts: readonly string[] | undefined;
  /** As servers that start it have them. */
  readonly tolerations: ReturnType<typeof tolerationsOf>;
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

/** One for some nodes is told apart from an Image of such a name by the hash that a space brings. */
const daemonSetName = (image: string, ...only: readonly (string | undefined)[]): string =>
  `${NAME}-${slug([image, ...only.filter((one) => one !== undefined)].join(" "))}`;

/** The types whose servers start an Image with an accelerator's reference, or without one. */
function typesOf({ spec }: Image, accelerator: string | undefined, types: readonly InstanceType[]): InstanceType[] {
  if (accelerator !== undefined) return types.filter((type) => hasResource(type, accelerator));
  const others = (spec.variants ?? []).filter((one) => one.architecture === undefined).map((one) => one.accelerator);
  return types.filter((type) => !others.some((other) => other !== undefined && hasResource(type, other)));
}

/** What is pulled of an Image for an accelerator, or for none: its reference, and those of other architectures. */
function pullsFor(image: Image, accelerator: string | undefined, { hosts, types }: Places): Pull[] {
  const { name } = image.metadata;
  const { spec, status } = image;
  const using = typesOf(image, accelerator, types);
  const own = { image: name, pullSecret: spec.pullSecret ?? undefined, tolerations: tolerationsOf(using) };
  const on = { ...own, hosts: accelerator === undefined ? undefined : hosts.get(accelerator) };
  if (accelerator !== undefined && (on.hosts === undefined || using.length === 0)) return [];
  const variants = (spec.variants ?? []).filter((one) => one.accelerator === accelerator);
  // The first that fits is what a server gets.
  const others = new Map<string, string>();
  for (const { architecture, reference } of variants)
    if (architecture !== undefined && !others.has(architecture)) others.set(architecture, reference);
  const usual = spec.build ? status?.build?.reference : spec.reference;
  const reference =
    accelerator === undefined ? usual : variants.find((one) => one.architecture === undefined)?.reference;
  const architecture =
    others.size === 0 ? undefined : ({ operator: "NotIn", values: [...others.keys()].sort() } as const);
  const rest =
    reference === undefined ? [] : [{ ...on, name: daemonSetName(name, accelerator), reference, architecture }];
  const special = [...others].map(([only, other]) => ({
    ...on,
    name: daemonSetName(name, only, accelerator),
    reference: other,
    architecture: { operator: "In", values: [only] } as const,
  }));
  return [...rest, ...special];
}

/** What is pulled of all Images, by name; what is too much is `left`. */
export function pullsOf(
  images: Iterable<Image>,
  places: Places,
): { readonly pulls: readonly Pull[]; readonly left: readonly Pull[] } {
  const byName = [...images].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const all = byName.flatMap((image) => {
    const accelerators = new Set([undefined, ...(image.spec.variants ?? []).map((one) => one.accelerator)]);
    return [...accelerators].flatMap((accelerator) => pullsFor(image, accelerator, places));
  });
  return { pulls: all.slice(0, MOST_PULLS), left: all.slice(MOST_PULLS) };
}

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

function affinityOf({ architecture, hosts }: Pull): object {
  const matchExpressions = [
    ...(architecture === undefined ? [] : [{ key: "kubernetes.io/arch", ...architecture }]),
    ...(hosts === undefined ? [] : [{ key: HOST, operator: "In", values: hosts }]),
  ];
  if (matchExpressions.length === 0) return {};
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
    ...(pull.tolerations.length === 0 ? {} : { tolerations: pull.tolerations }),
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
