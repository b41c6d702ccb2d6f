import { isObject, type JsonObject } from "./types.ts";

/** What the API server adds to an object of one type, so that two texts can be compared as it would store them. */
export interface Shape {
  /** Values of absent fields. */
  readonly defaults?: JsonObject;
  /** Types of fields, or of the elements of those that are lists. */
  readonly fields?: Readonly<Record<string, Shape>>;
  /** The type of every member of a map. */
  readonly members?: Shape;
  readonly quantity?: true;
  /** Fields in which an empty text is a statement of its own. */
  readonly emptyMatters?: readonly string[];
  /** Defaults that depend on other fields. */
  readonly complete?: (value: JsonObject) => JsonObject;
}

const quantity: Shape = { quantity: true };
const quantities: Shape = { members: quantity };
const fieldRef: Shape = { defaults: { apiVersion: "v1" } };
const resourceFieldRef: Shape = { defaults: { divisor: "0" }, fields: { divisor: quantity } };

function withRequests(value: JsonObject): JsonObject {
  const { limits, requests } = value;
  return isObject(limits) ? { ...value, requests: { ...limits, ...(isObject(requests) ? requests : {}) } } : value;
}

/** A latest image, and one without tag and digest, is pulled always. */
export function pullPolicyOf(image: unknown): "Always" | "IfNotPresent" {
  const [reference = "", digest] = String(image ?? "").split("@");
  const tag = /:(?<tag>[^/:]*)$/.exec(reference)?.groups?.["tag"] ?? (digest === undefined ? "latest" : "");
  return tag === "latest" ? "Always" : "IfNotPresent";
}

const withPullPolicy = (value: JsonObject): JsonObject =>
  value["imagePullPolicy"] ? value : { ...value, imagePullPolicy: pullPolicyOf(value["image"]) };

const handler: Shape = { fields: { httpGet: { defaults: { path: "/", scheme: "HTTP" } } } };
const probe: Shape = {
  ...handler,
  defaults: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, initialDelaySeconds: 0 },
};
const resources: Shape = { fields: { limits: quantities, requests: quantities }, complete: withRequests };

export const envVar: Shape = { fields: { valueFrom: { fields: { fieldRef, resourceFieldRef } } } };
export const envFromSource: Shape = {};
export const volumeMount: Shape = { defaults: { readOnly: false } };
export const container: Shape = {
  defaults: {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    resources: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
  },
  fields: {
    env: envVar,
    volumeMounts: volumeMount,
    ports: { defaults: { protocol: "TCP", hostPort: 0 } },
    resources,
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: { fields: { postStart: handler, preStop: handler } },
    securityContext: { defaults: { procMount: "Default" } },
  },
  complete: withPullPolicy,
};

const modes: Shape = { defaults: { defaultMode: 0o644 } };
const downwardItems: Shape = { fields: { fieldRef, resourceFieldRef } };
const claim: Shape = {
  defaults: { volumeMode: "Filesystem" },
  fields: { resources: { fields: { limits: quantities, requests: quantities } } },
  emptyMatters: ["storageClassName"],
};
const readOnly: Shape = { defaults: { readOnly: false } };

/** A volume without a source is an empty directory. */
const withSource = (value: JsonObject): JsonObject =>
  Object.keys(value).length === 1 ? { ...value, emptyDir: {} } : value;

export const volume: Shape = {
  fields: {
    secret: modes,
    configMap: modes,
    downwardAPI: { ...modes, fields: { items: downwardItems } },
    projected: {
      ...modes,
      fields: {
        sources: {
          fields: {
            serviceAccountToken: { defaults: { expirationSeconds: 3600 } },
            downwardAPI: { fields: { items: downwardItems } },
          },
        },
      },
    },
    emptyDir: { fields: { sizeLimit: quantity } },
    ephemeral: { fields: { volumeClaimTemplate: { fields: { spec: claim } } } },
    persistentVolumeClaim: readOnly,
    nfs: readOnly,
    glusterfs: readOnly,
    cephfs: readOnly,
    iscsi: { defaults: { readOnly: false, iscsiInterface: "default" } },
    rbd: { defaults: { readOnly: false, pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" } },
    azureDisk: { defaults: { readOnly: false, cachingMode: "ReadWrite", fsType: "ext4", kind: "Shared" } },
    scaleIO: { defaults: { readOnly: false, storageMode: "ThinProvisioned", fsType: "xfs" } },
    image: { complete: (value) => ({ pullPolicy: pullPolicyOf(value["reference"]), ...value }) },
  },
  complete: withSource,
};
