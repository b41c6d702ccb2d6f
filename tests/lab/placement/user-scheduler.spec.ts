import assert from "node:assert/strict";
import type { KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { PlacementScene, type Pod } from "./support.ts";

const deployments: ResourceRef = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
const leases: ResourceRef = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
};
const events: ResourceRef = { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events", namespaced: true };

type Deployment = KubeObject & { readonly status?: { readonly availableReplicas?: number } };
type Lease = KubeObject & { readonly spec: { readonly holderIdentity?: string } };
type Event = KubeObject & {
  readonly reason: string;
  readonly reportingController?: string;
  readonly regarding?: { readonly name: string };
};

describe("the user scheduler in a cluster", function () {
  this.timeout(400_000);
  let scene: PlacementScene;
  const placed = (found: readonly Pod[]): (string | undefined)[] =>
    found.map(({ spec }) => spec.nodeName).filter((node) => node !== undefined && node !== "");

  before(async function () {
    // On a machine that has never built the images.
    this.timeout(1_500_000);
    scene = await PlacementScene.open(2);
  });
  after(() => scene?.close());

  it("runs twice in a closed namespace of level restricted, and one of the two holds its lease", async () => {
    const { api, namespace } = scene;
    await eventually(
      "two replicas",
      async () => {
        const { status } = await api.get<Deployment>(deployments, namespace, "user-scheduler");
        return status?.availableReplicas === 2 || undefined;
      },
      120_000,
    );
    // They are available before one of them has taken it.
    const holder = await eventually("somebody holds the lease", async () => {
      const { spec } = await api.get<Lease>(leases, namespace, "user-scheduler");
      return spec.holderIdentity || undefined;
    });
    const running = (await scene.podsOf("user-scheduler")).map(({ metadata }) => metadata.name);
    assert.ok(
      running.some((name) => holder.startsWith(name)),
      `${holder} among ${running}`,
    );
  });

  it("puts out a placeholder for a notebook that finds no other room, and leaves the rest", async () => {
    await eventually("both placeholders have a node", async () => {
      return placed(await scene.podsOf("placeholder")).length === 2 || undefined;
    });
    const [first] = placed(await scene.podsOf("placeholder"));
    assert.deepEqual(placed(await scene.podsOf("placeholder")), [first, first], "packed");
    const other = scene.nodes.find((node) => node !== first) ?? "";
    await scene.pod("neighbour", 7, { nodeName: other });
    await scene.pod("notebook", 4, {
      schedulerName: scene.schedulerName,
      priorityClassName: `${scene.prefix}-notebook`,
    });
    assert.equal(await scene.nodeOf("notebook"), first);
    const left = await eventually("a placeholder waits", async () => {
      const found = await scene.podsOf("placeholder");
      return found.length === 2 && placed(found).length === 1 ? found : undefined;
    });
    assert.deepEqual([...new Set(left.map(({ spec }) => spec.priority))], [-10]);
    await Promise.all(["neighbour", "notebook"].map((name) => scene.remove(name)));
    await scene.scalePlaceholders(0);
  });

  it("fills the fuller node, where the cluster's own scheduler takes the emptier", async () => {
    const [empty, fuller] = scene.nodes;
    await scene.pod("there", 3, { nodeName: fuller });
    await scene.pod("spread", 1);
    assert.equal(await scene.nodeOf("spread"), empty);
    for (const name of ["packed-1", "packed-2", "packed-3"]) {
      await scene.pod(name, 1, { schedulerName: scene.schedulerName });
      assert.equal(await scene.nodeOf(name), fuller, name);
    }
    const said = await eventually("its event", async () => {
      const { items } = await scene.api.list<Event>(events, scene.namespace);
      return items.find(({ reason, regarding }) => reason === "Scheduled" && regarding?.name === "packed-1");
    });
    assert.equal(said.reportingController, scene.schedulerName);
  });
});
