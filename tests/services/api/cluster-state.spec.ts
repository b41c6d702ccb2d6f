import assert from "node:assert/strict";
import { slug } from "../../../quota/owner.ts";
import { watching } from "./cluster.ts";

const named = (name: string, own: object = {}) => ({ metadata: { name, uid: name, ...own }, spec: {} });

describe("ClusterState", () => {
  it("finds groups by their exact names, and what is there to choose from", async () => {
    const annotations = { "carrel.dev/group-name": "Physics Lab" };
    const bio = { "carrel.dev/group-name": "Bio Lab" };
    const { state, cluster, stop } = await watching({
      groups: [
        named("physics-lab-0bcd2f0e", { annotations }),
        named("maths"),
        named(slug("Bio Lab"), { annotations: bio }),
      ],
      instancetypes: [named("small")],
      images: [named("scipy")],
      volumes: [named("corpus", { namespace: "work" })],
    });
    assert.equal(state.problem(), undefined);
    assert.deepEqual(cluster.asked.sort(), ["groups", "images", "instancetypes", "pods", "work/volumes"]);
    assert.deepEqual(
      state.policies().map(({ name, slug }) => [name, slug]),
      [
        ["Bio Lab", slug("Bio Lab")],
        ["maths", "maths"],
        ["Physics Lab", "physics-lab-0bcd2f0e"],
      ],
    );
    assert.deepEqual([state.policy("maths")?.slug, state.policy("Bio Lab")?.slug], ["maths", slug("Bio Lab")]);
    // Its object has a name that is not this group's: it is found by neither.
    assert.deepEqual([state.policy("Physics Lab"), state.policy("physics-lab-0bcd2f0e")], [undefined, undefined]);
    assert.deepEqual(
      [state.instanceType("small"), state.image("scipy"), state.volume("corpus")].map((one) => one?.metadata.name),
      ["small", "scipy", "corpus"],
    );
    assert.deepEqual(state.everything(), {
      instanceTypes: ["small"],
      images: ["scipy"],
      volumes: new Map([["corpus", "read"]]),
    });
    await stop();
  });
});
