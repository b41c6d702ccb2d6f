import { join } from "node:path";
import type { KubeObject } from "../../services/lib/kube/types.ts";

/** Whose claims are served here. */
export const PROVISIONER = "carrel.dev/lab-local";

/** Written by the controller manager once no existing volume fits a claim: who has to make one. */
const PROVISIONER_ANNOTATION = "volume.kubernetes.io/storage-provisioner";
const MAKER_ANNOTATION = "pv.kubernetes.io/provisioned-by";

interface Storage {
  readonly storage?: string;
}

export interface Claim extends KubeObject {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly selector?: object;
    readonly dataSource?: object;
    readonly dataSourceRef?: object;
    readonly resources?: { readonly requests?: Storage };
  };
  readonly status?: { readonly phase?: string; readonly capacity?: Storage };
}

export interface Volume extends KubeObject {
  readonly spec: { readonly capacity?: Storage; readonly claimRef?: { readonly uid?: string } };
}

export interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly reclaimPolicy?: string;
}

export interface StorageState {
  readonly claims: Iterable<Claim>;
  readonly volumes: Iterable<Volume>;
  readonly classes: Iterable<StorageClass>;
}

/** What there is to do, in the order in which it has to be done. */
export type StorageAction =
  | { readonly do: "make"; readonly claim: Claim }
  | { readonly do: "refuse"; readonly claim: Claim; readonly reason: string }
  | { readonly do: "grow"; readonly volume: Volume; readonly size: string }
  | { readonly do: "show"; readonly claim: Claim; readonly size: string };

/** One node has them all; ReadWriteOncePod is kept by CSI drivers alone. */
const servedModes: readonly string[] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"];

export const volumeNameOf = (claim: Claim): string => `pvc-${claim.metadata.uid}`;

const sizeOf = ({ spec }: Claim): string => spec.resources?.requests?.storage ?? "0";

function isWaitingForUs({ metadata, spec }: Claim): boolean {
  return (
    spec.volumeName === undefined &&
    metadata.deletionTimestamp === undefined &&
    metadata.annotations?.[PROVISIONER_ANNOTATION] === PROVISIONER
  );
}

/** Why no volume is made for a claim; nothing where one can be. */
function refusalOf({ spec }: Claim, storageClass: StorageClass | undefined): string | undefined {
  if (spec.volumeMode === "Block") return "volumeMode Block is not served here: ask for Filesystem";
  if (spec.selector !== undefined) return "a selector is for volumes that exist: leave it out, and one is made";
  if (spec.dataSource !== undefined || spec.dataSourceRef !== undefined)
    return "volumes are not made of snapshots or other volumes here: leave dataSource and dataSourceRef out";
  const mode = spec.accessModes?.find((each) => !servedModes.includes(each));
  if (mode !== undefined) return `access mode ${mode} is not served here: ask for one of ${servedModes.join(", ")}`;
  if (storageClass !== undefined && storageClass.reclaimPolicy !== "Retain") {
    const { metadata, reclaimPolicy } = storageClass;
    return `StorageClass ${metadata.name} has reclaimPolicy ${reclaimPolicy}, and volumes stay until the lab goes: make it Retain`;
  }
  return undefined;
}

/** A claim's request only ever grows, and the API server writes sizes in one form: what differs is what was asked for last. */
function growth(claim: Claim, volume: Volume): StorageAction[] {
  const size = sizeOf(claim);
  const grow = volume.spec.capacity?.storage !== size;
  const show = claim.status?.phase === "Bound" && claim.status.capacity?.storage !== size;
  return [
    ...(grow ? [{ do: "grow", volume, size } as const] : []),
    ...(show ? [{ do: "show", claim, size } as const] : []),
  ];
}

/** What makes volumes equal to what claims ask for; nothing when they are. */
export function planStorage({ claims, volumes, classes }: StorageState): StorageAction[] {
  const byName = new Map([...volumes].map((volume) => [volume.metadata.name, volume]));
  const classByName = new Map([...classes].map((each) => [each.metadata.name, each]));
  return [...claims].flatMap((claim): StorageAction[] => {
    const volume = byName.get(volumeNameOf(claim));
    if (volume !== undefined) {
      const isOurs =
        volume.metadata.annotations?.[MAKER_ANNOTATION] === PROVISIONER &&
        volume.spec.claimRef?.uid === claim.metadata.uid;
      return isOurs && claim.metadata.deletionTimestamp === undefined ? growth(claim, volume) : [];
    }
    if (!isWaitingForUs(claim)) return [];
    const reason = refusalOf(claim, classByName.get(claim.spec.storageClassName ?? ""));
    return [reason === undefined ? { do: "make", claim } : { do: "refuse", claim, reason }];
  });
}

export interface VolumePlace {
  /** Folder of all volumes, at the same path for the kubelet. */
  readonly folder: string;
  readonly node: string;
}

export const folderOf = (claim: Claim, { folder }: VolumePlace): string => join(folder, volumeNameOf(claim));

/** The PersistentVolume of a claim. A `local` one is given to a pod's fsGroup by the kubelet, which a `hostPath` one is not. */
export function persistentVolume(claim: Claim, place: VolumePlace): Record<string, unknown> {
  const { namespace, name, uid } = claim.metadata;
  const hostname = { key: "kubernetes.io/hostname", operator: "In", values: [place.node] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volumeNameOf(claim), annotations: { [MAKER_ANNOTATION]: PROVISIONER } },
    spec: {
      capacity: { storage: sizeOf(claim) },
      accessModes: claim.spec.accessModes,
      volumeMode: "Filesystem",
      storageClassName: claim.spec.storageClassName,
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
      local: { path: folderOf(claim, place) },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
    },
  };
}

/** What a person sees of a refusal. One claim has one, by its name. @param now as Kubernetes writes it, with microseconds */
export function refusalEvent(claim: Claim, reason: string, now: string): Record<string, unknown> {
  const { namespace, name, uid } = claim.metadata;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: `${name.slice(0, 200)}.${uid}`, namespace },
    type: "Warning",
    reason: "ProvisioningFailed",
    action: "Provision",
    note: reason,
    eventTime: now,
    regarding: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
    reportingController: PROVISIONER,
    reportingInstance: "lab-agent",
  };
}
