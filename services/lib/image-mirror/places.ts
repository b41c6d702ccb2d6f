import { GUARD_NAME } from "../guard/guard-patch.ts";
import { shown } from "./grammar.ts";
import type { ImageRefusalReason, Rewrite } from "./rewrite.ts";

export interface ContainerLike {
  readonly name?: string;
  readonly image?: string;
}
export interface VolumeLike {
  readonly name?: string;
  /** A volume whose content is an image's. */
  readonly image?: { readonly reference?: string } | null;
}
export type ListOf<T> = readonly (T | null)[] | null;

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

const kinds = {
  initContainers: "init container",
  containers: "container",
  ephemeralContainers: "ephemeral container",
  volumes: "image volume",
} as const;
/** A list of a pod's spec whose elements name images. */
export type List = keyof typeof kinds;

/** An image in a list of a pod. */
export interface Place {
  readonly list: List;
  readonly index: number;
  readonly name: string;
  readonly image: string;
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

function imageOf(item: ContainerLike | VolumeLike | null): string | undefined {
  const image = typeof item?.image === "object" ? item.image?.reference : item?.image;
  // Without an image the pod is refused by the API server itself, or a later webhook fills it in.
  return typeof image === "string" && image !== "" ? image : undefined;
}

/** The guard is no image: it keeps pods from starting where nothing removes it, and nobody can pull its name. */
const isGuard = (list: List, name: string, image: string): boolean =>
  list === "initContainers" && name === GUARD_NAME && image === GUARD_NAME;

/** The image of an element at a position of a list, if it has one that somebody pulls. */
export function placeOf(item: ContainerLike | VolumeLike | null, list: List, index: number): Place | undefined {
  const image = imageOf(item);
  const name = item?.name ?? "";
  return image === undefined || isGuard(list, name, image) ? undefined : { list, index, name, image };
}

export function placesIn(pod: ImagedPod | null | undefined, list: List): readonly Place[] {
  const items: unknown = pod?.spec?.[list];
  if (!Array.isArray(items)) return [];
  const places: Place[] = [];
  items.forEach((item: ContainerLike | VolumeLike | null, index) => {
    const place = placeOf(item, list, index);
    if (place) places.push(place);
  });
  return places;
}

/** Where the image stands, from the element that names it. */
export const imageField = (list: List): string => (list === "volumes" ? "image/reference" : "image");

export function refusalOf(place: Place, { reason, message }: Rewrite & { readonly outcome: "refused" }): ImageRefusal {
  const { list, index, name, image } = place;
  const field = `spec.${list}[${index}].${imageField(list).replace("/", ".")}`;
  return { reason, message: `${kinds[list]} ${shown(name)}: ${message}`, field, container: name, image };
}
