import {
  type ContainerLike,
  type ImagedPod,
  type ImageRefusal,
  type List,
  placeOf,
  refusalOf,
  type VolumeLike,
} from "./places.ts";
import type { RewriteImage } from "./rewrite.ts";

/** One operation of RFC 6902 of another patch. */
interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

export interface BroughtImages<T extends Operation> {
  /** The same, but for images that come from the mirror now. */
  readonly operations: readonly T[];
  readonly refusals: readonly ImageRefusal[];
}

type Item = ContainerLike | VolumeLike | null;

/** What adds containers or volumes: a whole list, or one element at its end. */
const listAt: ReadonlyMap<string, List> = new Map(
  (["initContainers", "containers", "volumes"] as const).flatMap((list) => [
    [`/spec/${list}`, list],
    [`/spec/${list}/-`, list],
  ]),
);

const withImage = (item: Item, list: List, image: string): Item =>
  list === "volumes" ? { ...item, image: { ...(item as VolumeLike).image, reference: image } } : { ...item, image };

/**
 * A patch that adds containers and volumes to the ends of a pod's lists, with their images from the mirror: as if the
 * mirror were asked about the pod that the patch makes.
 */
export function mirrorBrought<T extends Operation>(
  rewrite: RewriteImage,
  pod: ImagedPod | null | undefined,
  patch: readonly T[],
): BroughtImages<T> {
  const refusals: ImageRefusal[] = [];
  const lengths = new Map<List, number>();
  const mirrored = (item: Item, list: List): Item => {
    const index = lengths.get(list) ?? pod?.spec?.[list]?.length ?? 0;
    lengths.set(list, index + 1);
    const place = placeOf(item, list, index);
    if (place === undefined) return item;
    const result = rewrite(place.image);
    if (result.outcome === "refused") refusals.push(refusalOf(place, result));
    return result.outcome === "mirrored" ? withImage(item, list, result.image) : item;
  };
  const operations = patch.map((operation) => {
    const list = listAt.get(operation.path);
    if (list === undefined) return operation;
    if (operation.path.endsWith("/-")) return { ...operation, value: mirrored(operation.value as Item, list) };
    return { ...operation, value: (operation.value as readonly Item[]).map((item) => mirrored(item, list)) };
  });
  return { operations, refusals };
}
