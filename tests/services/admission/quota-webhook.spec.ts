import assert from "node:assert/strict";
import { type Denial, denial } from "../../../quota/denial.ts";
import { type GroupPolicy, groupPolicy } from "../../../services/admission/group-policies.ts";
import type { Claim } from "../../../services/admission/ledger/plan.ts";
import { QuotaWebhook } from "../../../services/admission/quota-webhook.ts";
import type { ReviewedPod, ReviewRequest } from "../../../services/admission/review.ts";

const quantity = "is not a quantity: write for example 500m, 2, 1.5Gi or 2e3";
const labels = { "carrel.dev/group": "g", "carrel.dev/user": "ada" };
const limits = { cpu: "1", memory: "1Ki" };
const container = (own?: object): object => ({
  name: "main",
  image: "x",
  ...(own ? { resources: { limits: own } } : {}),
});
const pod = (own: object = labels, ...containers: object[]): ReviewedPod =>
  ({
    metadata: { uid: "pod-uid", name: "pod", namespace: "of-pod", labels: own },
    spec: { containers: containers.length === 0 ? [container(limits)] : containers },
  }) as ReviewedPod;
const create = (object: ReviewedPod | null, more: Partial<ReviewRequest> = {}): ReviewRequest => ({
  uid: "1",
  operation: "CREATE",
  resource: { group: "", version: "v1", resource: "pods" },
  namespace: "work",
  userInfo: { username: "system:serviceaccount:a:b" },
  object,
  ...more,
});
const policyOf = (spec: object): GroupPolicy => groupPolicy({ metadata: { name: "g" }, spec });

interface Given {
  readonly problem?: string;
  readonly policy?: GroupPolicy | string | undefined;
  readonly decide?: () => Promise<Denial | undefined>;
}

/** What the webhook answers, and the claims that came as far as the ledger. */
async function ask(request: ReviewRequest, given: Given = {}): Promise<readonly [Denial | undefined, unknown[]]> {
  const claims: unknown[] = [];
  const webhook = new QuotaWebhook({
    problem: () => given.problem,
    policy: () => ("policy" in given ? given.policy : policyOf({})),
    ledgerOf: (group) => ({
      decide: (claim: Claim, deadlineMs: number) => {
        claims.push([group, claim, deadlineMs]);
        return given.decide?.() ?? Promise.resolve(undefined);
      },
    }),
    bypass: new Set(["system:serviceaccount:kube-system:daemon-set-controller"]),
  });
  return [await webhook.review(request, 99), claims];
}

describe("quota.carrel.dev: what it leaves alone", () => {
  const update = { operation: "UPDATE", oldObject: pod() } as const;
  const requests: Readonly<Record<string, ReviewRequest>> = {
    "other resources": create(pod({}), { resource: { group: "", version: "v1", resource: "services" } }),
    "requests without an object": create(null),
    "subresources of a creation": create(pod({}), { subResource: "binding" }),
    deletions: create(pod({}), { operation: "DELETE" }),
    "updates without the old object": create(pod({}), { operation: "UPDATE", oldObject: null }),
    "updates that keep the owner": create(pod(), update),
    "other subresources of an update": create(pod({}), { ...update, subResource: "status" }),
    "resizing a pod of nobody": create(pod({}), { ...update, subResource: "resize" }),
  };
  for (const [what, request] of Object.entries(requests)) {
    it(what, async () => assert.deepEqual(await ask(request), [undefined, []]));
  }
});

describe("quota.carrel.dev: creations", () => {
  it("claims what the pod takes, from the group's ledger, until the deadline", async () => {
    const claim = {
      uid: "pod-uid",
      namespace: "work",
      name: "pod",
      user: "ada",
      amounts: { cpu: 1000n, memory: 1024n, gpu: 0n },
      dryRun: false,
    };
    assert.deepEqual(await ask(create(pod())), [undefined, [["g", claim, 99]]]);
    const { namespace: _, ...request } = create(pod(), { dryRun: true });
    const dry = { ...claim, namespace: "of-pod", dryRun: true };
    assert.deepEqual(await ask(request as ReviewRequest), [undefined, [["g", dry, 99]]]);
  });

  it("passes on what the ledger answers", async () => {
    const denied = denial("QuotaExceeded", "full");
    const [answer] = await ask(create(pod()), { decide: () => Promise.resolve(denied) });
    assert.equal(answer, denied);
  });

  it("lets the listed service accounts make pods of nobody, and only those pods unasked", async () => {
    const userInfo = { username: "system:serviceaccount:kube-system:daemon-set-controller" };
    assert.deepEqual(await ask(create(pod({}), { userInfo })), [undefined, []]);
    const [, claims] = await ask(create(pod(), { userInfo }));
    assert.equal(claims.length, 1);
  });
});

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
    "a pod of no member where members are limited",
    create(pod({ "carrel.dev/group": "g" })),
    { policy: policyOf({ memberQuota: { cpu: 1 } }) },
    causes("MemberMissing", 'group "g" limits its members: set the label carrel.dev/user', "metadata.labels"),
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
    "growth of a running pod",
    create(pod(labels, container({ cpu: "1", memory: "2Ki" })), {
      operation: "UPDATE",
      subResource: "resize",
      oldObject: pod(),
    }),
    {},
    causes("ResizeRefused", "memory of a running pod cannot grow here: make a new pod with more", "memory"),
  ],
  [
    "everything after an exception",
    create(pod()),
    { decide: () => Promise.reject(new Error("out of memory")) },
    causes("StateUnknown", "no decision was possible: out of memory"),
  ],
];

describe("quota.carrel.dev: what it refuses", () => {
  for (const [what, request, given, denied] of refusals) {
    it(what, async () => assert.deepEqual((await ask(request, given))[0], denied));
  }

  it("a request that is none", async () => {
    const [denied] = await ask({} as ReviewRequest);
    assert.equal(denied?.reason, "StateUnknown");
  });

  it("but not the shrinking of a running pod", async () => {
    const request = create(pod(labels, container({ cpu: "500m", memory: "1Ki" })), {
      operation: "UPDATE",
      subResource: "resize",
      oldObject: pod(),
    });
    assert.deepEqual(await ask(request), [undefined, []]);
  });
});
