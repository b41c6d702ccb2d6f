import type { MirrorSetting } from "../services/lib/image-mirror/rules.ts";
import lockFile from "./images.lock.json" with { type: "json" };
import { mirrored } from "./mirrored.ts";

/** An image that somebody else makes. */
export interface ThirdPartyImage {
  /** Upstream's own name with the version as tag. */
  readonly reference: string;
  /** What the platform uses it for. */
  readonly purpose: string;
  /** Versions of the programs in it, where the tag is not theirs. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** Every image that the platform takes from elsewhere; nothing else in the program names one. */
export const catalogue = {
  keycloak: { reference: "quay.io/keycloak/keycloak:26.7.3", purpose: "identity: accounts, groups, single sign-on" },
  postgres: { reference: "docker.io/library/postgres:17.10", purpose: "database of Keycloak" },
  hub: {
    reference: "quay.io/jupyterhub/k8s-hub:4.4.2",
    purpose: "JupyterHub with KubeSpawner and OAuthenticator",
    programs: {
      jupyterhub: "5.5.2",
      "jupyterhub-kubespawner": "7.1.0",
      oauthenticator: "17.4.0",
      "jupyterhub-idle-culler": "1.4.0",
    },
  },
  proxy: {
    reference: "quay.io/jupyterhub/configurable-http-proxy:5.3.0",
    purpose: "routes of the hub and of each notebook server",
  },
  notebook: {
    reference: "quay.io/jupyter/minimal-notebook:lab-4.6.4",
    purpose: "first notebook image of a new platform",
    programs: { jupyterlab: "4.6.4" },
  },
  gateway: { reference: "docker.io/library/traefik:v3.7.11", purpose: "bundled implementation of the Gateway API" },
  scheduler: { reference: "registry.k8s.io/kube-scheduler:v1.36.3", purpose: "packs notebook pods onto few nodes" },
  pause: { reference: "registry.k8s.io/pause:3.10.2", purpose: "placeholder pods, and what the image puller ends in" },
  nfsPlugin: { reference: "registry.k8s.io/sig-storage/nfsplugin:v4.13.4", purpose: "CSI driver for NFS volumes" },
  csiProvisioner: {
    reference: "registry.k8s.io/sig-storage/csi-provisioner:v6.3.0",
    purpose: "makes NFS volumes for claims",
  },
  csiResizer: { reference: "registry.k8s.io/sig-storage/csi-resizer:v2.2.0", purpose: "grows NFS volumes" },
  csiNodeDriverRegistrar: {
    reference: "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.17.0",
    purpose: "registers the NFS driver with the kubelet",
  },
  livenessProbe: {
    reference: "registry.k8s.io/sig-storage/livenessprobe:v2.19.0",
    purpose: "health of the NFS driver",
  },
  nfsGanesha: {
    reference: "registry.k8s.io/sig-storage/nfs-provisioner:v4.0.8",
    purpose: "NFS server in the cluster, for small sites",
  },
  metallbController: { reference: "quay.io/metallb/controller:v0.16.1", purpose: "gives out load balancer addresses" },
  metallbSpeaker: { reference: "quay.io/metallb/speaker:v0.16.1", purpose: "announces load balancer addresses" },
} as const satisfies Readonly<Record<string, ThirdPartyImage>>;

export type ImageName = keyof typeof catalogue;

/** Where a digest comes from, or why there is none. */
export interface LockedImage {
  /** The catalogue's reference at the time; a lock of another version says nothing. */
  readonly reference: string;
  readonly digest: string | null;
  readonly source: string;
}

export type ImageLock = Readonly<Partial<Record<ImageName, LockedImage>>>;

export const imageLock = lockFile as ImageLock;

export interface ImageSettings {
  readonly imageMirror: MirrorSetting;
  /** What a lab runs in an image's place, by digest. */
  readonly standIns?: Readonly<Partial<Record<ImageName, string>>>;
}

export const imageNames = Object.keys(catalogue) as ImageName[];

const repositoryOf = (reference: string): string => reference.replace(/:[^:/]*$/, "");

/** The upstream version of an image without the letter that some tags begin with. */
export function versionOf(name: ImageName): string {
  const { reference } = catalogue[name];
  return reference.slice(repositoryOf(reference).length + 1).replace(/^(v|lab-)/, "");
}

function digestOf(name: ImageName, lock: ImageLock): string | undefined {
  const locked = lock[name];
  return locked?.reference === catalogue[name].reference ? (locked.digest ?? undefined) : undefined;
}

/**
 * What a pod runs: the lab's stand-in; else upstream's image from the mirror that covers it, by digest where one is known.
 * @throws UserError for an image that the mirror setting refuses
 */
export function imageOf(name: ImageName, settings: ImageSettings, lock: ImageLock = imageLock): string {
  const standIn = settings.standIns?.[name];
  if (standIn !== undefined) return standIn;
  const digest = digestOf(name, lock);
  const image = mirrored(catalogue[name].reference, settings.imageMirror, `image ${name}`);
  return digest === undefined ? image : `${image}@${digest}`;
}

/** What a person is told about images that stand here without a digest. */
export function unpinnedWarnings(
  names: readonly ImageName[],
  settings: ImageSettings,
  lock: ImageLock = imageLock,
): string[] {
  return names
    .filter((name) => settings.standIns?.[name] === undefined && digestOf(name, lock) === undefined)
    .map(
      (name) =>
        `image ${name} (${catalogue[name].reference}) has no digest in images.lock.json: run \`node images/pin.ts\` where its registry can be reached`,
    );
}
