import assert from "node:assert/strict";
import type { ReviewRequest } from "../../../services/admission/review.ts";
import { ask, container, create, type Given, labels, pod, policyOf, resize } from "./quota-review.ts";

const quantity = "is not a quantity: write for example 500m, 2, 1.5Gi or 2e3";
const missing = (resource: string): string =>
  `container "main" states no ${resource} limit, and group "g" has no default for it`;
const causes = (reason: string, message: string, field?: string): object => ({
  reason,
  message,
  causes: [{ reason, message, ...(field === undefined ? {} : { field }) }],
});
const refusals: readonly (readonly [string, ReviewRequest, Given, object])[] = [
  [
    "a pod of nobody",
    create(pod({})),
    {},
    causes(
      "GroupMissing",
      "the pod belongs to no group: set the labels carrel.dev/group and carrel.dev/user",
      "metadata.labels",
    ),
  ],
  [
    "a malformed group",
    create(pod({ "carrel.dev/group": "No" })),
    {},
    causes(
      "OwnerConflict",
      'label carrel.dev/group="No" is malformed: lower-case letters, digits, dashes and dots',
      "carrel.dev/group",
    ),
  ],
  [
    "anything while the state is not known",
    create(pod()),
    { problem: "pods are not known yet" },
    causes("StateUnknown", "quota cannot be checked now: pods are not known yet: try again"),
  ],
  [
    "an unknown group",
    create(pod()),
    { policy: undefined },
    causes("GroupUnknown", 'unknown group "g": create the group first, or mend the label'),
  ],
  [
    "a group that cannot be read",
    create(pod()),
    { policy: "spec.quota.cpu: no" },
    causes("QuantityInvalid", 'group "g" cannot be read: spec.quota.cpu: no'),
  ],
  [
    "an unreadable quantity",
    create(pod(labels, container({ cpu: "x" }))),
    {},
    causes("QuantityInvalid", `spec.containers[0].resources.limits["cpu"]: "x" ${quantity}`),
  ],
  [
    "a container without limits",
    create(pod(labels, container({ cpu: "1" }))),
    {},
    {
      reason: "LimitMissing",
      message: `${missing("memory")}: set resources.limits`,
      causes: [
        { reason: "LimitMissing", message: missing("memory"), field: "spec.containers{main}.resources.limits.memory" },
      ],
    },
  ],
  [
    "a pod without a uid",
    create({ ...pod(), metadata: { labels } }),
    {},
    causes("StateUnknown", "the pod has no uid: quota has to be a validating webhook"),
  ],
  [
    "a change of the owner",
    create(pod({ ...labels, "carrel.dev/user": "eve" }), { operation: "UPDATE", oldObject: pod() }),
    {},
    causes(
      "OwnerChanged",
      "carrel.dev/user cannot be changed: make a new pod for another group or member",
      "carrel.dev/user",
    ),
  ],
  [
    "a change of the owner by a resize",
    resize(pod({ ...labels, "carrel.dev/group": "other" })),
    {},
    causes(
      "OwnerChanged",
      "carrel.dev/group cannot be changed: make a new pod for another group or member",
      "carrel.dev/group",
    ),
  ],
  [
    "the resize of a pod of nobody, which no quota would count",
    resize(pod({}), pod({})),
    {},
    causes(
      "GroupMissing",
      "the pod belongs to no group: set the labels carrel.dev/group and carrel.dev/user",
      "metadata.labels",
    ),
  ],
  [
    "a resize of a pod without a version",
    resize(pod(), pod(), { oldObject: pod() }),
    {},
    causes("StateUnknown", "the pod to change has no resource version: ask by the API server"),
  ],
  [
    "a resize while the state is not known",
    resize(pod()),
    { problem: "pods are not known yet" },
    causes("StateUnknown", "quota cannot be checked now: pods are not known yet: try again"),
  ],
  ...[{ quota: { "ephemeral-storage": "1Gi" } }, { memberQuota: { "ephemeral-storage": 0 } }].map(
    (spec) =>
      [
        `a container without a storage limit under ${JSON.stringify(spec)}`,
        create(pod()),
        { policy: policyOf(spec) },
        {
          reason: "LimitMissing",
          message: `${missing("ephemeral-storage")}: set resources.limits`,
          causes: [
            {
              reason: "LimitMissing",
              message: missing("ephemeral-storage"),
              field: "spec.containers{main}.resources.limits.ephemeral-storage",
            },
          ],
        },
      ] as const,
  ),
  [
    "everything after an exception",
    create(pod()),
    { decide: () => Promise.reject(new Error("out of memory")) },
    causes("StateUnknown", "no decision was possible: out of memory"),
  ],
];

describe("quota.carrel.dev: what it refuses", () => {
  for (const [what, request, given, denied] of refusals) {
    it(what, async () => {
      const heard: unknown[] = [];
      const onDenied = (...args: unknown[]): unknown => heard.push(args);
      assert.deepEqual((await ask(request, { ...given, onDenied }))[0], denied);
      assert.deepEqual(heard, [[request, denied]], "and whoever wants to know hears of it");
    });
  }

  it("nothing that is allowed, of which nobody hears", async () => {
    const [denied] = await ask(create(pod()), { onDenied: () => assert.fail("heard of it") });
    assert.equal(denied, undefined);
  });

  it("a request that is none", async () => {
    const [denied] = await ask({} as ReviewRequest);
    assert.equal(denied?.reason, "StateUnknown");
  });
});
