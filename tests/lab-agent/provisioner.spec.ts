import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimRef, Provisioner, volumeRef } from "../../lab/agent/provisioner.ts";
import { type Claim, PROVISIONER, persistentVolume, refusalEvent } from "../../lab/agent/volume-plan.ts";
import type { Clock } from "../../services/lib/clock.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { KubeError } from "../../services/lib/kube/errors.ts";
import type { KubeObject } from "../../services/lib/kube/types.ts";
import { eventually } from "../support/eventually.ts";
import { FakeApi, silent } from "./api.ts";

const clock: Clock = { ...systemClock, now: () => 0 };

function claim(name: string, volumeMode = "Filesystem", size = "1Gi"): Claim {
  return {
    metadata: {
      ...{ name, namespace: "app", uid: name, resourceVersion: "1" },
      annotations: { "volume.kubernetes.io/storage-provisioner": PROVISIONER },
    },
    spec: {
      ...{ accessModes: ["ReadWriteOnce"], storageClassName: "standard", volumeMode },
      resources: { requests: { storage: size } },
    },
  };
}

describe("Provisioner", function () {
  this.timeout(120_000);
  let folder: string;
  let stops: (() => Promise<void>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "carrel-volumes-"));
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    stops = [];
    rmSync(folder, { recursive: true });
  });

  const start = (api: FakeApi): { stop: () => Promise<void> } => {
    const stop = new AbortController();
    const done = new Provisioner({ client: api, node: "n", folder, log: silent, clock }).run(stop.signal);
    const ended = async (): Promise<void> => {
      stop.abort();
      await done;
    };
    stops.push(ended);
    return { stop: ended };
  };
  const created = (api: FakeApi, count: number): Promise<true> =>
    eventually(`${count} objects`, async () => (api.created.length >= count ? true : undefined));
  const volumeOf = (of: Claim): KubeObject => persistentVolume(of, { folder, node: "n" }) as unknown as KubeObject;

  it("makes folders for root and the group that the kubelet gives them, and their volumes", async () => {
    const api = new FakeApi({ persistentvolumeclaims: [claim("a")] });
    const umask = process.umask(0o077);
    try {
      const { stop } = start(api);
      await created(api, 1);
      api.tell(claimRef, "ADDED", claim("b"));
      await created(api, 2);
      await stop();
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(api.created[0], volumeOf(claim("a")));
    assert.ok(api.created.some((object) => (object as KubeObject).metadata.name === "pvc-b"));
    for (const name of ["pvc-a", "pvc-b"]) assert.equal(statSync(join(folder, name)).mode & 0o7777, 0o770);
  });

  it("leaves a folder as it is whose volume was not written before a restart", async () => {
    const first = new FakeApi({ persistentvolumeclaims: [claim("a")] });
    first.refusal = new KubeError(500, undefined, "POST");
    const before = start(first);
    await eventually("a folder", async () => existsSync(join(folder, "pvc-a")) || undefined);
    await before.stop();
    // As after the kubelet has given it to a pod's group.
    chmodSync(join(folder, "pvc-a"), 0o2770);
    const second = new FakeApi({ persistentvolumeclaims: [claim("a")] });
    const after = start(second);
    await created(second, 1);
    await after.stop();
    assert.deepEqual(second.created[0], volumeOf(claim("a")));
    assert.equal(statSync(join(folder, "pvc-a")).mode & 0o7777, 0o2770);
  });

  it("goes on with the next where a volume is there already", async () => {
    const api = new FakeApi({ persistentvolumeclaims: [claim("a"), claim("b")] });
    api.refusal = new KubeError(409, undefined, "POST");
    const { stop } = start(api);
    await created(api, 1);
    await stop();
    assert.deepEqual(api.created[0], volumeOf(claim("b")));
  });

  it("says once why it refuses a claim, and makes nothing for it", async () => {
    const raw = claim("raw", "Block");
    const api = new FakeApi({ persistentvolumeclaims: [raw] });
    const { stop } = start(api);
    await created(api, 1);
    api.tell(claimRef, "ADDED", claim("b"));
    await created(api, 2);
    await stop();
    const reason = "volumeMode Block is not served here: ask for Filesystem";
    assert.deepEqual(api.created.slice(0, 2), [
      refusalEvent(raw, reason, "1970-01-01T00:00:00.000000Z"),
      volumeOf(claim("b")),
    ]);
    assert.equal(existsSync(join(folder, "pvc-raw")), false);
  });

  it("grows a volume, and its claim's status", async () => {
    const asked: Claim = {
      ...claim("a", "Filesystem", "2Gi"),
      status: { phase: "Bound", capacity: { storage: "1Gi" } },
    };
    const volume = { ...volumeOf(claim("a")), metadata: { ...volumeOf(claim("a")).metadata, uid: "v" } };
    const api = new FakeApi({ persistentvolumeclaims: [asked], persistentvolumes: [volume] });
    const { stop } = start(api);
    await eventually("two patches", async () => (api.patches.length >= 2 ? true : undefined));
    await stop();
    assert.deepEqual(api.patches.slice(0, 2), [
      {
        name: "pvc-a",
        body: { metadata: { uid: "v" }, spec: { capacity: { storage: "2Gi" } } },
        options: { type: "merge" },
      },
      {
        name: "a",
        body: { metadata: { uid: "a" }, status: { capacity: { storage: "2Gi" } } },
        options: { type: "merge", subresource: "status" },
      },
    ]);
    assert.deepEqual([api.created, volumeRef.plural], [[], "persistentvolumes"]);
  });
});
