import assert from "node:assert/strict";
import { denial } from "../../../quota/denial.ts";
import type { Claim } from "../../../services/admission/ledger/plan.ts";
import type { ReviewRequest } from "../../../services/admission/review.ts";
import { ask, container, create, labels, limits, pod, policyOf, resize } from "./quota-review.ts";

describe("quota.carrel.dev: what it leaves alone", () => {
  const update = { operation: "UPDATE", oldObject: pod() } as const;
  const requests: Readonly<Record<string, ReviewRequest>> = {
    "other resources": create(pod({}), { resource: { group: "", version: "v1", resource: "services" } }),
    "requests without an object": create(null),
    "subresources of a creation": create(pod({}), { subResource: "binding" }),
    deletions: create(pod({}), { operation: "DELETE" }),
    "updates without the old object": create(pod({}), { operation: "UPDATE", oldObject: null }),
    "updates that keep the owner": create(pod(), update),
    "other subresources that keep the owner": create(pod(), { ...update, subResource: "ephemeralcontainers" }),
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
      amounts: { cpu: 1000n, memory: 1024n, gpu: 0n, "ephemeral-storage": 0n, pods: 1n },
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

  it("lets every broken limit be counted, and no other refusal", async () => {
    const heard: unknown[] = [];
    const onExceeded = (...args: unknown[]): unknown => heard.push(args);
    const denied = denial("QuotaExceeded", "full", "cpu");
    await ask(create(pod()), { decide: () => Promise.resolve(denied), onExceeded });
    await ask(create(pod()), { decide: () => Promise.resolve(denial("StateUnknown", "late")), onExceeded });
    await ask(create(pod()), { onExceeded });
    assert.deepEqual(heard, [["g", denied.causes]]);
  });

  it("lets the listed service accounts make pods of nobody, and only those pods unasked", async () => {
    const userInfo = { username: "system:serviceaccount:kube-system:daemon-set-controller" };
    assert.deepEqual(await ask(create(pod({}), { userInfo })), [undefined, []]);
    const [, claims] = await ask(create(pod(), { userInfo }));
    assert.equal(claims.length, 1);
  });
});

describe("quota.carrel.dev: pods of the group alone, and what limits do not name", () => {
  const amountsOf = async (request: ReviewRequest, spec: object): Promise<unknown[]> => {
    const [denied, claims] = await ask(request, { policy: policyOf(spec) });
    assert.equal(denied, undefined);
    return claims.map((item) => (item as [string, Claim])[1]).map(({ user, amounts }) => [user, amounts]);
  };
  const amounts = { cpu: 1000n, memory: 1024n, gpu: 0n, "ephemeral-storage": 0n, pods: 1n };

  it("claims for the group where no member is named, also where members are limited", async () => {
    const request = create(pod({ "carrel.dev/group": "g" }));
    const spec = { memberQuota: { cpu: 0, "ephemeral-storage": 1 }, memberQuotas: { ada: { cpu: 0 } } };
    assert.deepEqual(await amountsOf(request, spec), [[undefined, amounts]]);
  });

  it("asks for no storage limit of a member whose own quota has none", async () => {
    const spec = { memberQuota: { "ephemeral-storage": 1 }, memberQuotas: { ada: {} } };
    assert.deepEqual(await amountsOf(create(pod()), spec), [["ada", amounts]]);
  });

  it("counts slices with the weights of the site", async () => {
    const request = create(pod(labels, container({ ...limits, "nvidia.com/mig-1g.5gb": 2, "amd.com/gpu": 1 })));
    assert.deepEqual(await amountsOf(request, {}), [["ada", { ...amounts, gpu: 1286n }]]);
  });
});

describe("quota.carrel.dev: resizing", () => {
  it("claims the new size, for this request and the version that it changes", async () => {
    const claim = {
      uid: "pod-uid",
      namespace: "work",
      name: "pod",
      user: "ada",
      amounts: { cpu: 2000n, memory: 512n, gpu: 0n, "ephemeral-storage": 0n, pods: 1n },
      dryRun: false,
      resize: { podVersion: "7", request: "review" },
    };
    const next = pod(labels, container({ cpu: 2, memory: 512 }));
    assert.deepEqual(await ask(resize(next)), [undefined, [["g", claim, 99]]]);
    const dry = { ...claim, dryRun: true };
    assert.deepEqual(await ask(resize(next, pod(), { dryRun: true })), [undefined, [["g", dry, 99]]]);
  });

  it("claims the new size of the whole pod", async () => {
    const next = pod();
    const whole = { ...next, spec: { ...next.spec, resources: { limits: { cpu: "3" }, requests: { memory: "2Ki" } } } };
    const [, claims] = await ask(resize(whole));
    const amounts = claims.map((item) => (item as [string, Claim])[1].amounts);
    assert.deepEqual(amounts, [{ cpu: 3000n, memory: 2048n, gpu: 0n, "ephemeral-storage": 0n, pods: 1n }]);
  });

  it("passes on what the ledger answers", async () => {
    const denied = denial("QuotaExceeded", "full");
    const [answer] = await ask(resize(pod()), { decide: () => Promise.resolve(denied) });
    assert.equal(answer, denied);
  });

  it("lets the listed service accounts resize pods of nobody", async () => {
    const userInfo = { username: "system:serviceaccount:kube-system:daemon-set-controller" };
    assert.deepEqual(await ask(resize(pod({}), pod({}), { userInfo })), [undefined, []]);
  });
});
