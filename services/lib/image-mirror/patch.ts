import { type ImagedPod, type ImageRefusal, imageField, type List, type Place, placesIn, refusalOf } from "./places.ts";
import type { RewriteImage } from "./rewrite.ts";

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

/** What to answer: operations, or refusals and no operation. */
export interface ImagePatch {
  readonly operations: readonly ReplaceImage[];
  readonly refusals: readonly ImageRefusal[];
}

const MIRROR_POD = "kubernetes.io/config.mirror";
const untouched: ImagePatch = { operations: [], refusals: [] };
const allLists: readonly List[] = ["initContainers", "containers", "ephemeralContainers", "volumes"];

/** The lists whose images a change can set; other subresources carry no pod, or none whose images count. */
function listsOf({ operation, subResource = "" }: PodChange): readonly List[] {
  if (operation === "UPDATE" && subResource === "ephemeralcontainers") return ["ephemeralContainers"];
  return (operation === "CREATE" || operation === "UPDATE") && subResource === "" ? allLists : [];
}

const pointerTo = ({ list, index }: Place): string => `/spec/${list}/${index}/${imageField(list)}`;

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
