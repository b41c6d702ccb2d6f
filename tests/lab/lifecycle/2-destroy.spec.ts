import assert from "node:assert/strict";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { runEngine, stateResources } from "../../support/engine.ts";
import { eventually } from "../../support/eventually.ts";
import { eventuallyEqual } from "../../support/eventually-equal.ts";
import { labUnderTest } from "../../support/lab.ts";
import { managedObjects } from "../../support/managed-objects.ts";
import { stackObjects } from "../../support/stack-objects.ts";
import { withoutParts } from "./parts.ts";

const claims: ResourceRef = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  namespaced: true,
};
const volumes: ResourceRef = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  namespaced: false,
};

interface Claim extends KubeObject {
  readonly spec: { readonly volumeName?: string };
  readonly status?: { readonly phase?: string };
}
interface Volume extends KubeObject {
  readonly status?: { readonly phase?: string };
}

/** A user's volume, bound; answers the name of what holds the data. */
async function userVolume(client: KubeClient): Promise<string> {
  await client.create(claims, "carrel-work", {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "thesis" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  });
  return eventually("the claim is bound", async () => {
    const claim = await client.get<Claim>(claims, "carrel-work", "thesis");
    return claim.status?.phase === "Bound" ? claim.spec.volumeName : undefined;
  });
}

describe("destroy", () => {
  before(withoutParts);

  it("leaves no object of ours and keeps users' volumes; the next up makes everything again", async () => {
    const { client } = await labUnderTest();
    const before = stackObjects();
    const volume = await userVolume(client);

    const destroyed = await runEngine("destroy");
    assert.equal(destroyed.code, 0, destroyed.output);
    await eventuallyEqual("no object of ours", () => managedObjects(client), []);
    assert.deepEqual(stateResources(), []);
    // Its controller hears that the claim is gone when everybody else does.
    const phase = async (): Promise<string | undefined> =>
      (await client.get<Volume>(volumes, undefined, volume)).status?.phase;
    await eventuallyEqual("the volume is released", phase, "Released");

    const up = await runEngine("up");
    assert.equal(up.code, 0, up.output);
    // A Secret that is named by the engine gets another name each time.
    const unsuffixed = (names: readonly string[]): string[] =>
      names.map((name) => name.replace(/-[0-9a-f]{8}$/, "")).sort();
    assert.deepEqual(unsuffixed(stackObjects()), unsuffixed(before));
    await client.delete(volumes, undefined, volume);
  });
});
