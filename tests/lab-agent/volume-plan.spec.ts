import assert from "node:assert/strict";
import {
  type Claim,
  folderOf,
  PROVISIONER,
  persistentVolume,
  planStorage,
  refusalEvent,
  type StorageClass,
  type StorageState,
  type Volume,
  volumeNameOf,
} from "../../lab/agent/volume-plan.ts";

const annotation = "volume.kubernetes.io/storage-provisioner";
const place = { folder: "/s/volumes", node: "carrel-spec" };

/** A claim that the controller manager has left to the lab. */
function claim(name: string, spec: Partial<Claim["spec"]> = {}, rest: Partial<Claim> = {}): Claim {
  return {
    metadata: { name, namespace: "app", uid: name, annotations: { [annotation]: PROVISIONER } },
    spec: {
      accessModes: ["ReadWriteMany"],
      storageClassName: "standard",
      volumeMode: "Filesystem",
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
    status: { phase: "Pending" },
    ...rest,
  };
}

const bound = (name: string, asked: string, shown: string): Claim =>
  claim(
    name,
    { volumeName: `pvc-${name}`, resources: { requests: { storage: asked } } },
    { status: { phase: "Bound", capacity: { storage: shown } } },
  );

const volume = (of: string, storage = "1Gi", maker = PROVISIONER, uid = of): Volume => ({
  metadata: { name: `pvc-${of}`, uid: `v-${of}`, annotations: { "pv.kubernetes.io/provisioned-by": maker } },
  spec: { capacity: { storage }, claimRef: { uid } },
});

const standard: StorageClass = { metadata: { name: "standard" }, provisioner: PROVISIONER, reclaimPolicy: "Retain" };

const plan = (state: Partial<StorageState>) => {
  const actions = planStorage({ claims: [], volumes: [], classes: [standard], ...state });
  return actions.map((action) => {
    const { name } = action.do === "grow" ? action.volume.metadata : action.claim.metadata;
    return [action.do, name, ...("size" in action ? [action.size] : "reason" in action ? [action.reason] : [])];
  });
};

describe("planStorage", () => {
  it("makes a volume for each claim that waits for one", () => {
    assert.deepEqual(plan({ claims: [claim("a"), claim("b")] }), [
      ["make", "a"],
      ["make", "b"],
    ]);
  });

  it("leaves alone what is another's, what has a volume, and what goes", () => {
    const metadata = claim("x").metadata;
    const claims = [
      claim("unsettled", {}, { metadata: { ...metadata, annotations: {} } }),
      claim("theirs", {}, { metadata: { ...metadata, annotations: { [annotation]: "nfs.csi.k8s.io" } } }),
      claim("chosen", { volumeName: "disk-1" }),
      claim("gone", {}, { metadata: { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }),
      claim("made"),
    ];
    assert.deepEqual(plan({ claims, volumes: [volume("made")] }), []);
  });

  it("refuses what a folder cannot be", () => {
    const claims = [
      claim("block", { volumeMode: "Block" }),
      claim("selector", { selector: { matchLabels: { a: "b" } } }),
      claim("snapshot", { dataSource: { kind: "VolumeSnapshot", name: "s" } }),
      claim("clone", { dataSourceRef: { kind: "PersistentVolumeClaim", name: "c" } }),
      claim("pod", { accessModes: ["ReadWriteOnce", "ReadWriteOncePod"] }),
      claim("deleted", { storageClassName: "fleeting" }),
    ];
    const classes = [standard, { ...standard, metadata: { name: "fleeting" }, reclaimPolicy: "Delete" }];
    const source = "volumes are not made of snapshots or other volumes here: leave dataSource and dataSourceRef out";
    assert.deepEqual(plan({ claims, classes }), [
      ["refuse", "block", "volumeMode Block is not served here: ask for Filesystem"],
      ["refuse", "selector", "a selector is for volumes that exist: leave it out, and one is made"],
      ["refuse", "snapshot", source],
      ["refuse", "clone", source],
      [
        ...["refuse", "pod"],
        "access mode ReadWriteOncePod is not served here: ask for one of ReadWriteOnce, ReadOnlyMany, ReadWriteMany",
      ],
      [
        ...["refuse", "deleted"],
        "StorageClass fleeting has reclaimPolicy Delete, and volumes stay until the lab goes: make it Retain",
      ],
    ]);
  });

  it("grows the volume and then shows it, each only while it is not so", () => {
    const asked = (shown: string): Claim[] => [bound("a", "2Gi", shown)];
    assert.deepEqual(plan({ claims: asked("1Gi"), volumes: [volume("a")] }), [
      ["grow", "pvc-a", "2Gi"],
      ["show", "a", "2Gi"],
    ]);
    assert.deepEqual(plan({ claims: asked("1Gi"), volumes: [volume("a", "2Gi")] }), [["show", "a", "2Gi"]]);
    assert.deepEqual(plan({ claims: asked("2Gi"), volumes: [volume("a", "2Gi")] }), []);
  });

  it("grows no volume that is another's, or of an earlier claim", () => {
    const claims = [bound("a", "2Gi", "1Gi"), bound("b", "2Gi", "1Gi")];
    const volumes = [volume("a", "1Gi", "nfs.csi.k8s.io"), volume("b", "1Gi", PROVISIONER, "earlier")];
    assert.deepEqual(plan({ claims, volumes }), []);
  });
});

describe("the volume of a claim", () => {
  it("is a folder of the lab's node, for this claim alone, and is kept", () => {
    const home = claim("home", { accessModes: ["ReadWriteOnce", "ReadOnlyMany"] });
    assert.equal(volumeNameOf(home), "pvc-home");
    assert.equal(folderOf(home, place), "/s/volumes/pvc-home");
    const hostname = { key: "kubernetes.io/hostname", operator: "In", values: ["carrel-spec"] };
    assert.deepEqual(persistentVolume(home, place), {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "pvc-home", annotations: { "pv.kubernetes.io/provisioned-by": "carrel.dev/lab-local" } },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce", "ReadOnlyMany"],
        volumeMode: "Filesystem",
        storageClassName: "standard",
        persistentVolumeReclaimPolicy: "Retain",
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: "app", name: "home", uid: "home" },
        local: { path: "/s/volumes/pvc-home" },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
      },
    });
  });
});

describe("refusalEvent", () => {
  it("says at the claim why there is no volume, under one name for ever", () => {
    assert.deepEqual(refusalEvent(claim("raw"), "no", "2026-01-01T00:00:00.000000Z"), {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "raw.raw", namespace: "app" },
      type: "Warning",
      reason: "ProvisioningFailed",
      action: "Provision",
      note: "no",
      eventTime: "2026-01-01T00:00:00.000000Z",
      regarding: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: "app", name: "raw", uid: "raw" },
      reportingController: "carrel.dev/lab-local",
      reportingInstance: "lab-agent",
    });
  });
});
