import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { KubeClient, type KubeObject } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { untilGroupIsKnown } from "../../support/known-group.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, ledgers, type PodSpec, pods, restrictedPod } from "../../support/pods.ts";

const namespace = "carrel-work";
const run = randomBytes(3).toString("hex");

/** The refusal of a creation, or a failure of the test when it was allowed. */
async function refusal(create: Promise<unknown>): Promise<KubeError> {
  try {
    await create;
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
  throw new Error("the API server created the object");
}

interface Status {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

describe("quota.carrel.dev on the API server", function () {
  this.timeout(400_000);
  let client: KubeClient;
  const made: string[] = [];

  const group = async (suffix: string, spec: Record<string, unknown>): Promise<string> => {
    const name = await createGroup(client, `t-${run}-${suffix}`, spec);
    made.push(name);
    return name;
  };
  const create = (spec: PodSpec, into = namespace): Promise<KubeObject> =>
    client.create<KubeObject>(pods, into, restrictedPod(spec) as unknown as KubeObject);
  const live = async (name: string): Promise<readonly KubeObject[]> =>
    (await client.list<KubeObject>(pods, namespace, { labelSelector: `carrel.dev/group=${name}` })).items;
  const removePods = async (name: string): Promise<void> => {
    const all = await live(name);
    await Promise.all(all.map((pod) => client.delete(pods, namespace, pod.metadata.name, { gracePeriodSeconds: 0 })));
    await eventually("no pod is left", async () => ((await live(name)).length === 0 ? true : undefined));
  };
  const openReservations = async (name: string): Promise<number> => {
    const { items } = await client.list<KubeObject>(ledgers, "carrel-system");
    const ledger = items.find((item) => item.metadata.name === name) as
      | { spec?: { reservations?: unknown[] } }
      | undefined;
    return ledger?.spec?.reservations?.length ?? 0;
  };

  before(async () => {
    ({ client } = await labUnderTest());
  });
  after(async () => {
    for (const name of made) {
      await removePods(name);
      await client.delete(groups, undefined, name);
    }
  });

  /** A group that every replica of the webhook has seen. */
  const knownGroup = async (suffix: string, spec: Record<string, unknown>): Promise<string> => {
    const name = await group(suffix, spec);
    await untilGroupIsKnown(client, name);
    return name;
  };

  it("creates a pod within the quota and refuses one beyond it, with the numbers", async () => {
    const name = await knownGroup("beyond", { quota: { cpu: "2", memory: "4Gi" } });
    const first = await create({ group: name, user: "ada", limits: { cpu: "1500m", memory: "1Gi" } });
    assert.equal(first.metadata.labels?.["carrel.dev/group"], name);

    const error = await refusal(create({ group: name, user: "ada", limits: { cpu: "1", memory: "1Gi" } }));
    assert.equal(error.code, 403);
    for (const part of ["quota.carrel.dev", name, "cpu", "quota 2", "used 1500m", "requested 1"]) {
      assert.ok(error.message.includes(part), `"${part}" is missing in: ${error.message}`);
    }
    assert.ok(((error.body as Status).details?.causes ?? []).length > 0, "details.causes is empty");
  });

  it("refuses beyond the member's quota although the group has room", async () => {
    const name = await knownGroup("member", { quota: { cpu: "10" }, memberQuota: { cpu: "1" } });
    await create({ group: name, user: "ada", limits: { cpu: "1", memory: "1Gi" } });
    const error = await refusal(create({ group: name, user: "ada", limits: { cpu: "100m", memory: "1Gi" } }));
    assert.ok(error.message.includes("ada"), error.message);
    await create({ group: name, user: "grace", limits: { cpu: "1", memory: "1Gi" } });
  });

  it("counts the limits of a GPU and refuses any use where the quota is 0", async () => {
    const name = await knownGroup("gpu", { quota: { gpu: 0 } });
    const error = await refusal(
      create({ group: name, user: "ada", limits: { cpu: "1", memory: "1Gi", "nvidia.com/gpu": "1" } }),
    );
    assert.ok(error.message.includes("gpu"), error.message);
  });

  it("refuses a pod that states no limits in a group without defaults", async () => {
    const name = await knownGroup("limits", { quota: { cpu: "10", memory: "10Gi" } });
    const error = await refusal(create({ group: name, user: "ada" }));
    assert.equal(error.code, 403);
    assert.ok(error.message.includes("main"), `the container is not named: ${error.message}`);
  });

  it("refuses a pod without a group", async () => {
    const error = await refusal(create({ limits: { cpu: "1", memory: "1Gi" } }));
    assert.equal(error.code, 403);
    assert.ok(error.message.includes("carrel.dev/group"), error.message);
  });

  it("refuses a pod of an unknown group", async () => {
    const error = await refusal(create({ group: "nobody-knows", user: "ada", limits: { cpu: "1", memory: "1Gi" } }));
    assert.equal(error.code, 403);
    assert.ok(error.message.includes("nobody-knows"), error.message);
  });

  it("leaves other namespaces alone", async () => {
    const pod = await create({ name: `free-${run}` }, "default");
    await client.delete(pods, "default", `free-${run}`, { gracePeriodSeconds: 0 });
    assert.equal(pod.metadata.name, `free-${run}`);
  });

  it("writes nothing for a dry run", async () => {
    const name = await knownGroup("dry", { quota: { cpu: "1" } });
    const pod = restrictedPod({
      group: name,
      user: "ada",
      limits: { cpu: "1", memory: "1Gi" },
    }) as unknown as KubeObject;
    for (let round = 0; round < 3; round++) await client.create(pods, namespace, pod, { dryRun: true });
    assert.equal(await openReservations(name), 0);
    await create({ group: name, user: "ada", limits: { cpu: "1", memory: "1Gi" } });
  });

  /** 200 creations at once; how many came through, and the codes of the refusals. */
  const burst = async (wide: KubeClient, name: string): Promise<{ created: number; codes: number[] }> => {
    const claim = (i: number): object =>
      restrictedPod({ group: name, user: `user-${i % 7}`, limits: { cpu: "1", memory: "1Mi" } });
    const answers = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => wide.create(pods, namespace, claim(i))),
    );
    const refused = answers.filter((answer) => answer.status === "rejected").map(({ reason }) => reason as KubeError);
    return { created: 200 - refused.length, codes: [...new Set(refused.map(({ code }) => code))] };
  };

  it("admits exactly the quota of 200 parallel creations, in 5 rounds", async () => {
    const name = await knownGroup("burst", { quota: { cpu: "10" } });
    const { endpoints } = await labUnderTest();
    const wide = new KubeClient(kubeConfigFromFile(endpoints.kubeconfig), { maxSockets: 64 });
    const all = restrictedPod({ group: name, user: "ada", limits: { cpu: "10", memory: "1Mi" } });
    try {
      for (let round = 1; round <= 5; round++) {
        const { created, codes } = await burst(wide, name);
        const found = { round, created, codes, live: (await live(name)).length };
        assert.deepEqual(found, { round, created: 10, codes: [403], live: 10 });
        await eventually("the ledger settles to the pods", async () =>
          (await openReservations(name)) === 0 ? true : undefined,
        );
        await removePods(name);
        await eventually("the freed quota can be used", () =>
          wide.create(pods, namespace, all, { dryRun: true }).then(
            () => true,
            () => undefined,
          ),
        );
      }
    } finally {
      wide.close();
    }
  });
});
