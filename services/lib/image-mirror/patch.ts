import { GUARD_NAME } from "../guard/guard-patch.ts";
import { shown } from "./grammar.ts";
import type { ImageRefusalReason, Rewrite, RewriteImage } from "./rewrite.ts";

interface ContainerLike {
  readonly name?: string;
  readonly image?: string;
}
interface VolumeLike {
  readonly name?: string;
  /** A volume whose content is an image's. */
  readonly image?: { readonly reference?: string } | null;
}
type ListOf<T> = readonly (T | null)[] | null;

/** The part of a pod that names images. */
export interface ImagedPod {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> | null } | null;
  readonly spec?: {
    readonly containers?: ListOf<ContainerLike>;
    readonly initContainers?: ListOf<ContainerLike>;
    readonly ephemeralContainers?: ListOf<ContainerLike>;
    readonly volumes?: ListOf<VolumeLike>;
  } | null;
}

/** What is asked to be admitted; the fields are named as in an AdmissionReview's request. */
export interface PodChange {
  readonly operation: string;
  readonly subResource?: string;
  readonly object?: ImagedPod | null;
  readonly oldObject?: ImagedPod | null;
}

/** One operation of RFC 6902. */
export interface ReplaceImage {
  readonly op: "replace";
  readonly path: string;
  readonly value: string;
}

/** An image that keeps its pod from being admitted. */
export interface ImageRefusal {
  readonly reason: ImageRefusalReason;
  /** One line that names container and image. */
  readonly message: string;
  /** `spec.initContainers[0].image`. */
  readonly field: string;
  readonly container: string;
  readonly image: string;
}

/** What to answer: operations, or refusals and no operation. */
export interface ImagePatch {
  readonly operations: readonly ReplaceImage[];
  readonly refusals: readonly ImageRefusal[];
}

/** An image in a list of a pod. */
interface Place {
  readonly list: List;
  readonly index: number;
  readonly name: string;
  readonly image: string;
}

const MIRROR_POD = "kubernetes.io/config.mirror";
const untouched: ImagePatch = { operations: [], refusals: [] };

const kinds = {
  initContainers: "init container",
  containers: "container",
  ephemeralContainers: "ephemeral container",
  volumes: "image volume",
} as const;
type List = keyof typeof kinds;
const allLists: readonly List[] = ["initContainers", "containers", "ephemeralContainers", "volumes"];

/** The lists whose images a change can set; other subresources carry no pod, or none whose images count. */
function listsOf({ operation, subResource = "" }: PodChange): readonly List[] {
  if (operation === "UPDATE" && subResource === "ephemeralcontainers") return ["ephemeralContainers"];
  return (operation === "CREATE" || operation === "UPDATE") && subResource === "" ? allLists : [];
}

function imageOf(item: ContainerLike | VolumeLike | null): string | undefined {
  const image = typeof item?.image === "object" ? item.image?.reference : item?.image;
  // Without an image the pod is refused by the API server itself, or a later webhook fills it in.
  return typeof image === "string" && image !== "" ? image : undefined;
}

/** The guard is no image: it keeps pods from starting where nothing removes it, and nobody can pull its name. */
const isGuard = (list: List, name: string, image: string): boolean =>
  list === "initContainers" && name === GUARD_NAME && image === GUARD_NAME;

function placesIn(pod: ImagedPod | null | undefined, list: List): readonly Place[] {
  const items: unknown = pod?.spec?.[list];
  if (!Array.isArray(items)) return [];
  const places: Place[] = [];
  items.forEach((item: ContainerLike | VolumeLike | null, index) => {
    const name = item?.name ?? "";
    const image = imageOf(item);
    if (image !== undefined && !isGuard(list, name, image)) places.push({ list, index, name, image });
  });
  return places;
}

const pointerTo = ({ list, index }: Place): string =>
  `/spec/${list}/${index}/${list === "volumes" ? "image/reference" : "image"}`;

function refusalOf(place: Place, { reason, message }: Rewrite & { readonly outcome: "refused" }): ImageRefusal {
  const { list, index, name, image } = place;
  const field = `spec.${list}[${index}].${list === "volumes" ? "image.reference" : "image"}`;
  return { reason, message: `${kinds[list]} ${shown(name)}: ${message}`, field, container: name, image };
}

/** The images that a change brings: those that were admitted before a rule was written may not be changed any more. */
function placesOf(change: PodChange, list: List): readonly Place[] {
  const places = placesIn(change.object, list);
  if (change.operation !== "UPDATE") return places;
  const stored = new Map(placesIn(change.oldObject, list).map(({ name, image }) => [name, image]));
  return places.filter(({ name, image }) => stored.get(name) !== image);
}

/**
 * The patch that makes a pod's images come from the mirror: of all containers and image volumes on CREATE, of what an
 * UPDATE changes, and of new ephemeral containers. Every refused image is reported, not only the first.
 */
export function imagePatch(rewrite: RewriteImage, change: PodChange): ImagePatch {
  // A static pod's mirror is only shown by the API server: the kubelet runs what its file says.
  if (change.object?.metadata?.annotations?.[MIRROR_POD] !== undefined) return untouched;
  const operations: ReplaceImage[] = [];
  const refusals: ImageRefusal[] = [];
  for (const list of listsOf(change)) {
    for (const place of placesOf(change, list)) {
      const result = rewrite(place.image);
      if (result.outcome === "refused") refusals.push(refusalOf(place, result));
      else if (result.outcome === "mirrored") {
        operations.push({ op: "replace", path: pointerTo(place), value: result.image });
      }
    }
  }
  return refusals.length > 0 ? { operations: [], refusals } : { operations, refusals };
}
