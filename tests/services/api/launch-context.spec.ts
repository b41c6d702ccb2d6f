import assert from "node:assert/strict";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import { nothing } from "../../../quota/resources.ts";
import { boundBy, nothingBound } from "../../../services/api/bound.ts";
import type { Person } from "../../../services/api/directory.ts";
import { groupPolicy } from "../../../services/api/group-policy.ts";
import { cullingOf, type Facts, launchContext } from "../../../services/api/launch-context.ts";

const policies = new Map([
  ["physics", groupPolicy({ metadata: { name: "physics" }, spec: { quota: { cpu: "x" } } } as never)],
  ["maths", groupPolicy({ metadata: { name: "maths" }, spec: { displayName: "Maths" } } as never)],
]);
const facts: Facts = {
  policy: (name) => policies.get(name),
  catalogue: {
    instanceType: (name) => ({ metadata: { name }, spec: { cpu: 1, memory: "1Gi" } }) as never,
    image: () => undefined,
    volume: () => undefined,
  },
  usage: { total: () => nothing, ofMember: () => nothing },
  accelerators: standardAccelerators,
  culling: { idleSeconds: null, maxAgeSeconds: 60 },
};
const ada: Person = {
  ...{ id: "1", name: "ada", displayName: "Ada", email: null, isAdmin: false },
  groups: ["physics", "gone", "maths"].map((name) => ({ name, admins: [], bound: nothingBound })),
  common: boundBy(["it:small"]),
};

describe("launchContext", () => {
  it("is of the user's groups that Kubernetes has, each with what everyone has", () => {
    const { user, groups } = launchContext(ada, facts);
    assert.deepEqual(user, { name: "ada", displayName: "Ada", email: null, isAdmin: false });
    assert.deepEqual(
      groups.map(({ name, instanceTypes }) => [name, instanceTypes.map((one) => [one.name, one.fits])]),
      [
        ["physics", [["small", false]]],
        ["maths", [["small", true]]],
      ],
    );
  });

  it("is of one group where one is asked for, and of none that is another's", () => {
    const names = (only: string): string[] => launchContext(ada, facts, only).groups.map(({ name }) => name);
    assert.deepEqual([names("maths"), names("gone"), names("other")], [["maths"], [], []]);
  });

  it("says why nothing can be started in a group whose quota cannot be read", () => {
    const [physics] = launchContext(ada, facts, "physics").groups;
    const problem = 'spec.quota.cpu: "x" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3';
    assert.equal(physics?.problem, problem);
    assert.equal(physics?.instanceTypes[0]?.reason, `group "physics" cannot be read: ${problem}`);
  });
});

describe("cullingOf", () => {
  it("is the group's, field by field, else the platform's; null is never", () => {
    const platform = { idleSeconds: 3600, maxAgeSeconds: null };
    const of = (culling: object) => cullingOf({ culling }, platform);
    assert.deepEqual(of({}), { policy: "idle", idleSeconds: 3600, maxAgeSeconds: null });
    assert.deepEqual(of({ maxAgeSeconds: 60 }), { policy: "idle", idleSeconds: 3600, maxAgeSeconds: 60 });
    assert.deepEqual(of({ idleSeconds: null, maxAgeSeconds: 60 }), {
      ...{ policy: "maxAge", idleSeconds: null, maxAgeSeconds: 60 },
    });
    assert.deepEqual(of({ idleSeconds: null }), { policy: "off", idleSeconds: null, maxAgeSeconds: null });
  });
});
