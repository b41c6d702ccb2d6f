import assert from "node:assert/strict";
import { claimObject, isOurs, type OwnerObject, wantedClaim } from "../../../../services/controllers/claims/wanted.ts";
import type { ClaimOwner } from "../../../../services/lib/claims.ts";

const of = (kind: ClaimOwner["kind"], name: string, spec: object, annotations?: Record<string, string>) =>
  wantedClaim({ kind, name }, { metadata: { name, ...(annotations && { annotations }) }, spec } as OwnerObject);

describe("wantedClaim", () => {
  it("is of a Group with a size, by its slug and with its exact name", () => {
    const annotations = { "carrel.dev/group-name": "Physics" };
    assert.deepEqual(of("Group", "physics-34909691", { volume: { size: "200Gi" } }, annotations), {
      name: "group-physics-34909691",
      labels: { "app.kubernetes.io/managed-by": "carrel", "carrel.dev/group": "physics-34909691" },
      annotations: { "carrel.dev/group-name": "Physics" },
      size: "200Gi",
      bytes: 200n * 2n ** 30n,
      storageClass: undefined,
    });
  });

  it("is of a Volume of kind pvc that has no claim of its own", () => {
    const spec = { kind: "pvc", size: 1000, storageClassName: "fast", mountPath: "/a" };
    assert.deepEqual(of("Volume", "corpus", spec), {
      name: "volume-corpus",
      labels: { "app.kubernetes.io/managed-by": "carrel", "carrel.dev/volume": "corpus" },
      annotations: { "carrel.dev/volume-name": "corpus" },
      size: "1000",
      bytes: 1000n,
      storageClass: "fast",
    });
    const none = [
      of("Volume", "a", { kind: "pvc", claimName: "theirs" }),
      of("Volume", "a", { kind: "nfs", nfs: { server: "s", path: "/" } }),
      of("Group", "a", {}),
      of("Group", "a", { volume: { size: null } }),
    ];
    assert.deepEqual(none, [undefined, undefined, undefined, undefined]);
  });

  it("is refused where the object itself is wrong", () => {
    const message = (make: () => unknown): string => {
      try {
        return String(make());
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.deepEqual(
      [
        message(() => of("Group", "a", { volume: { size: 0 } })),
        message(() => of("Volume", "a", { kind: "pvc", size: "9e99" })),
        message(() => of("Group", "Physics", { volume: { size: 1 } })),
        message(() => of("Volume", "v".repeat(247), { kind: "pvc", size: 1 })),
      ],
      [
        "spec.volume.size is 0: a claim has more than 0 bytes; leave the size out to have no claim",
        'spec.size: "9e99" is too large: at most 2^63-1 can be counted',
        'Group Physics has the annotation carrel.dev/group-name: "Physics", whose Group would be physics-34909691: correct one of them',
        `Volume ${"v".repeat(247)} has a name of 247 characters, and its claim can have 246 of them: make it anew with a shorter one`,
      ],
    );
  });
});

describe("claimObject", () => {
  const wanted = of("Volume", "corpus", { kind: "pvc", size: "50Gi" }) ?? assert.fail();

  it("has the platform's access mode and class, or the Volume's own class, or the cluster's", () => {
    assert.deepEqual(claimObject(wanted, "work", { storageClass: "nfs", accessMode: "ReadWriteMany" }), {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "volume-corpus", namespace: "work", labels: wanted.labels, annotations: wanted.annotations },
      spec: {
        accessModes: ["ReadWriteMany"],
        storageClassName: "nfs",
        resources: { requests: { storage: "50Gi" } },
      },
    });
    const specOf = (own: string | undefined, storageClass: string | undefined): object =>
      (claimObject({ ...wanted, storageClass: own }, "work", { storageClass, accessMode: "ReadWriteOnce" }) as never)[
        "spec"
      ];
    const base = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "50Gi" } } };
    assert.deepEqual(specOf("fast", "nfs"), { ...base, storageClassName: "fast" });
    assert.deepEqual(specOf(undefined, undefined), base);
  });
});

describe("isOurs", () => {
  it("needs the name and the labels", () => {
    const name = `volume-${"v".repeat(100)}`;
    const { labels = {} } = of("Volume", "v".repeat(100), { kind: "pvc", size: 1 }) ?? {};
    assert.ok(Object.values(labels).every((value) => value.length <= 63));
    assert.deepEqual(
      [
        isOurs({ metadata: { name, labels } }),
        isOurs({ metadata: { name } }),
        isOurs({ metadata: { name: "volume-w", labels } }),
        isOurs({ metadata: { name, labels: { ...labels, "app.kubernetes.io/managed-by": "helm" } } }),
        isOurs({ metadata: { name: "home-ada", labels } }),
      ],
      [true, false, false, false, false],
    );
  });
});
