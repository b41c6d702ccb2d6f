import type { Image } from "../../crds/image.ts";
import type { InstanceType } from "../../crds/instance-type.ts";
import type { Volume } from "../../crds/volume.ts";
import type { Accelerators } from "../../quota/accelerators.ts";
import { podRequest } from "../../quota/pod-request.ts";
import { unlimited } from "../../quota/resources.ts";
import { claimName } from "../lib/claims.ts";
import { reasonOf } from "../lib/log.ts";
import type { Bound } from "./bound.ts";
import { limitsOf } from "./fit.ts";

/** What there is to choose from, by name; nothing where there is no such object. */
export interface Catalogue {
  instanceType(name: string): InstanceType | undefined;
  image(name: string): Image | undefined;
  volume(name: string): Volume | undefined;
}

type StringMap = Readonly<Record<string, string>>;
type Toleration = NonNullable<InstanceType["spec"]["tolerations"]>[number];

export interface InstanceTypeOffer {
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  /** Null where the type cannot be read. */
  readonly cpuMilli: string | null;
  readonly memoryBytes: string | null;
  readonly gpuMilli: string | null;
  /** Limits as Kubernetes takes them. */
  readonly resources: StringMap;
  readonly requests: StringMap;
  readonly nodeSelector: StringMap;
  readonly tolerations: readonly Toleration[];
  readonly priorityClassName: string | null;
  readonly problem: string | null;
}

export interface ImageOffer {
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  /** Null where there is none yet; `problem` says why. */
  readonly reference: string | null;
  readonly variants: NonNullable<Image["spec"]["variants"]>;
  readonly pullSecret: string | null;
  readonly problem: string | null;
}

export interface VolumeOffer {
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly kind: string;
  /** Null of one that is variables only. */
  readonly mountPath: string | null;
  readonly claim: string | null;
  readonly readOnly: boolean;
  readonly env: StringMap;
}

export interface Offers {
  readonly instanceTypes: readonly InstanceTypeOffer[];
  readonly images: readonly ImageOffer[];
  readonly volumes: readonly VolumeOffer[];
}

const strings = (map: Readonly<Record<string, unknown>> = {}): StringMap =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));

type Measures = Pick<InstanceTypeOffer, "cpuMilli" | "memoryBytes" | "gpuMilli" | "problem">;

function measuresOf(type: InstanceType, accelerators: Accelerators): Measures {
  try {
    const containers = [{ name: "notebook", resources: { limits: limitsOf(type) } }];
    const request = podRequest({ containers }, { defaults: unlimited, accelerators });
    if (!("amounts" in request)) throw new Error("cpu and memory must be more than 0");
    const { cpu, memory, gpu } = request.amounts;
    return { cpuMilli: String(cpu), memoryBytes: String(memory), gpuMilli: String(gpu), problem: null };
  } catch (error) {
    return { cpuMilli: null, memoryBytes: null, gpuMilli: null, problem: reasonOf(error) };
  }
}

export function instanceTypeOffer(type: InstanceType, accelerators: Accelerators): InstanceTypeOffer {
  const { metadata, spec } = type;
  return {
    name: metadata.name,
    displayName: spec.displayName || metadata.name,
    description: spec.description ?? null,
    ...measuresOf(type, accelerators),
    resources: limitsOf(type),
    requests: strings(spec.requests),
    nodeSelector: strings(spec.nodeSelector),
    tolerations: spec.tolerations ?? [],
    priorityClassName: spec.priorityClassName ?? null,
  };
}

export function imageOffer({ metadata, spec, status }: Image): ImageOffer {
  // What was built last goes before where builds are pushed to: it is by digest.
  const reference = spec.build ? status?.build?.reference : spec.reference;
  const { phase = "Pending", message } = status?.build ?? {};
  const unbuilt = `not built yet: ${phase}${message === undefined ? "" : `: ${message}`}`;
  return {
    name: metadata.name,
    displayName: spec.displayName || metadata.name,
    description: spec.description ?? null,
    reference: reference ?? null,
    variants: spec.variants ?? [],
    pullSecret: spec.pullSecret ?? null,
    problem: reference === undefined ? unbuilt : null,
  };
}

export function volumeOffer({ metadata, spec }: Volume, access: "read" | "write"): VolumeOffer {
  return {
    name: metadata.name,
    displayName: spec.displayName || metadata.name,
    description: spec.description ?? null,
    kind: spec.kind,
    mountPath: spec.mountPath ?? null,
    claim: spec.kind !== "pvc" ? null : (spec.claimName ?? claimName({ kind: "Volume", name: metadata.name })),
    readOnly: access === "read",
    env: strings(spec.env),
  };
}

const byDisplayName = (a: { displayName: string; name: string }, b: { displayName: string; name: string }): number =>
  a.displayName.localeCompare(b.displayName, "en") || (a.name < b.name ? -1 : 1);

/** What is bound and there, for people to choose from; a role without its object offers nothing. */
export function offersOf(bound: Bound, catalogue: Catalogue, accelerators: Accelerators): Offers {
  return {
    instanceTypes: bound.instanceTypes
      .flatMap((name) => catalogue.instanceType(name) ?? [])
      .map((type) => instanceTypeOffer(type, accelerators))
      .sort(byDisplayName),
    images: bound.images
      .flatMap((name) => catalogue.image(name) ?? [])
      .map(imageOffer)
      .sort(byDisplayName),
    volumes: [...bound.volumes]
      .flatMap(([name, access]) => {
        const volume = catalogue.volume(name);
        return volume === undefined ? [] : [volumeOffer(volume, access)];
      })
      .sort(byDisplayName),
  };
}
