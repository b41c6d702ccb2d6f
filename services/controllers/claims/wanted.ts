import type { Group, Volume } from "../../../crds/index.ts";
import { GROUP_LABEL, GROUP_NAME_ANNOTATION, slug } from "../../../quota/owner.ts";
import { parseQuantity, type Quantity, QuantityError } from "../../../quota/quantity.ts";
import { type ClaimOwner, claimName, claimOwner } from "../../lib/claims.ts";
import type { KubeObject } from "../../lib/kube/client.ts";
import { UserError } from "../../lib/user-error.ts";
import { nameOf } from "../group/plan.ts";

/** A Group or a Volume as the API server answers it. */
export type OwnerObject = KubeObject & Partial<Pick<Group | Volume, "status">> & { readonly spec: OwnerSpec };
type OwnerSpec = Pick<Group["spec"], "volume"> & Partial<Pick<Volume["spec"], "kind" | "size" | "storageClassName">>;

/** A claim as it has to be. */
export interface WantedClaim {
  readonly name: string;
  /** Of metadata: label or annotation by its name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** As it was written. */
  readonly size: string;
  readonly bytes: bigint;
  /** In place of the platform's. */
  readonly storageClass: string | undefined;
}

/** What the platform gives every claim that it makes. */
export interface ClaimDefaults {
  /** Without one, the cluster's default class. */
  readonly storageClass: string | undefined;
  readonly accessMode: "ReadWriteMany" | "ReadWriteOnce";
}

const MANAGED_LABEL = "app.kubernetes.io/managed-by";
const MANAGER = "carrel";
export const VOLUME_LABEL = "carrel.dev/volume";
export const VOLUME_NAME_ANNOTATION = "carrel.dev/volume-name";
/** Selects all claims that are made here. */
export const MANAGED_SELECTOR = `${MANAGED_LABEL}=${MANAGER}`;
/** What the API server takes as the name of a claim. */
const NAME_LENGTH = 253;

/** Labels are values of at most 63 characters, which the name of a Volume may exceed. */
const ownerLabel = ({ kind, name }: ClaimOwner): Record<string, string> => ({
  [kind === "Group" ? GROUP_LABEL : VOLUME_LABEL]: slug(name),
});

/** Whether a claim was made here; one of the right name alone is somebody else's. */
export function isOurs({ metadata }: KubeObject): boolean {
  const owner = claimOwner(metadata.name);
  if (owner === undefined) return false;
  const marks = { [MANAGED_LABEL]: MANAGER, ...ownerLabel(owner) };
  return Object.entries(marks).every(([label, value]) => metadata.labels?.[label] === value);
}

/** @throws QuantityError */
function bytesOf(size: Quantity, where: string): bigint {
  try {
    const bytes = parseQuantity(size, "whole");
    if (bytes > 0n) return bytes;
  } catch (error) {
    if (error instanceof QuantityError) throw new QuantityError(`${where}: ${error.message}`);
    throw error;
  }
  throw new QuantityError(`${where} is ${size}: a claim has more than 0 bytes; leave the size out to have no claim`);
}

function sizeOf({ kind }: ClaimOwner, spec: OwnerSpec): readonly [size: Quantity | null | undefined, where: string] {
  if (kind === "Group") return [spec.volume?.size, "spec.volume.size"];
  return [spec.kind === "pvc" ? spec.size : undefined, "spec.size"];
}

/** The exact name. @throws UserError where the object's own cannot have a claim */
function exactName(owner: ClaimOwner, { metadata }: KubeObject): string {
  if (owner.kind === "Group") return nameOf({ metadata });
  const most = NAME_LENGTH - claimName({ ...owner, name: "" }).length;
  if (owner.name.length <= most) return owner.name;
  throw new UserError(
    "volume-name",
    `Volume ${owner.name} has a name of ${owner.name.length} characters, and its claim can have ${most} of them: make it anew with a shorter one`,
  );
}

/** The claim of a Group or Volume; nothing where it asks for none. @throws UserError, QuantityError where it is wrong itself */
export function wantedClaim(owner: ClaimOwner, object: OwnerObject): WantedClaim | undefined {
  const [size, where] = sizeOf(owner, object.spec);
  if (size === undefined || size === null) return undefined;
  const exact = exactName(owner, object);
  return {
    name: claimName(owner),
    labels: { [MANAGED_LABEL]: MANAGER, ...ownerLabel(owner) },
    annotations: { [owner.kind === "Group" ? GROUP_NAME_ANNOTATION : VOLUME_NAME_ANNOTATION]: exact },
    size: String(size),
    bytes: bytesOf(size, where),
    storageClass: owner.kind === "Volume" ? object.spec.storageClassName : undefined,
  };
}

/** The object to create. */
export function claimObject(wanted: WantedClaim, namespace: string, defaults: ClaimDefaults): KubeObject {
  const { name, labels, annotations, size, storageClass = defaults.storageClass } = wanted;
  const spec = {
    accessModes: [defaults.accessMode],
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    resources: { requests: { storage: size } },
  };
  const metadata = { name, namespace, labels, annotations };
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata, spec } as KubeObject;
}
