import { parseArgs } from "node:util";
import type { KubeObject } from "../../services/lib/kube/client.ts";
import { startFloor } from "./floor.ts";
import { benchPod, podDefaults, refs } from "./objects.ts";
import { type Contestant, type Figures, keep, printRatios, rounds } from "./rounds.ts";
import { Scene, until } from "./scene.ts";
import { Service } from "./service.ts";
import { calledIn, FLOOR, MUTATE, QUOTA, registerFloor, registerMutating, registerQuota } from "./webhooks.ts";

const CONNECTIONS = 16;
const LARGE = { cpu: "100k", memory: "100Ti", pods: 1_000_000 };

interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly seed: number;
}

/** Creates pods in one namespace for a while; pods that were really created are deleted afterwards. */
function contestant(
  name: string,
  scene: Scene,
  service: Service,
  namespace: string,
  pod: object,
  plan: Plan & { readonly dryRun: boolean },
): Contestant {
  const { dryRun, seconds } = plan;
  const measure = async (): Promise<Figures> => {
    const before = service.usage();
    const made = await scene.createPods(namespace, pod, {
      connections: CONNECTIONS,
      warmupSeconds: 0.5,
      seconds,
      dryRun,
    });
    const cpuMicros = ((service.usage().cpuMs - before.cpuMs) * 1000) / made.sent;
    if (!dryRun) await scene.empty(namespace);
    const { perSecond, answered, p50Ms, p99Ms } = made;
    return { perSecond, answered, p50Ms, p99Ms, serviceMicrosPerPod: cpuMicros };
  };
  return { name, measure };
}

interface MadePod extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly image: string; readonly volumeMounts?: readonly object[] }[];
  };
}

async function dryRuns(scene: Scene, service: Service, plan: Plan): Promise<void> {
  const group = await scene.group("nobody");
  const pod = benchPod(group, "ada");
  const plain = await scene.namespace("unchanged");
  const none = await scene.namespace("mutated-0", calledIn(scene, MUTATE));
  const floor = await scene.namespace("floor", calledIn(scene, FLOOR));
  const hundred = await scene.namespace("mutated-100", calledIn(scene, MUTATE));
  for (const podDefault of podDefaults(100)) await scene.make(refs.podDefaults, hundred, podDefault);
  await registerMutating(scene, service);
  await registerFloor(scene, await startFloor(scene));
  const mirrored = "mirror.test/docker/library/python:3.12";
  for (const [namespace, image, mounts] of [
    [plain, "python:3.12", 0],
    [floor, "mirror.test/hub/library/a:1", 0],
    [none, mirrored, 0],
    [hundred, mirrored, 5],
  ] as const) {
    await until(`pods in ${namespace} get what they should`, async () => {
      const made = await scene.client.create<MadePod>(refs.pods, namespace, pod, { dryRun: true });
      const [first] = made.spec.containers;
      return first?.image === image && (first.volumeMounts ?? []).length === mounts;
    });
  }
  const of = (name: string, namespace: string): Contestant =>
    contestant(name, scene, service, namespace, pod, { ...plan, dryRun: true });
  const all = [
    of("no webhook", plain),
    of("a constant patch", floor),
    of("0 PodDefaults", none),
    of("100 PodDefaults", hundred),
  ];
  await run("creates-dry", all, plan);
}

async function quotas(scene: Scene, service: Service, plan: Plan): Promise<void> {
  const group = await scene.group("creates", { quota: LARGE, memberQuota: LARGE });
  const pod = benchPod(group, "ada");
  const plain = await scene.namespace("free");
  const builtIn = await scene.namespace("built-in");
  const ours = await scene.namespace("ours", calledIn(scene, QUOTA));
  const hard = { "limits.cpu": "100k", "limits.memory": "100Ti", pods: "1000000" };
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "large" }, spec: { hard } };
  await scene.make(refs.resourceQuotas, builtIn, quota);
  await until("the built-in quota knows what is used", async () => {
    const { status } = await scene.client.get<{ status?: { used?: object } }>(refs.resourceQuotas, builtIn, "large");
    return Object.keys(status?.used ?? {}).length === 3;
  });
  await registerQuota(scene, service);
  await until("quota is asked about", async () => {
    const stranger = benchPod("nobody-knows", "ada");
    const refused = await scene.client.create(refs.pods, ours, stranger, { dryRun: true }).then(() => "", String);
    return refused.includes("unknown group");
  });
  const of = (name: string, namespace: string): Contestant =>
    contestant(name, scene, service, namespace, pod, { ...plan, dryRun: false });
  const all = [of("no quota", plain), of("quota.carrel.dev", ours), of("ResourceQuota", builtIn)];
  await run("creates-quota", all, plan);
}

async function run(bench: string, all: readonly Contestant[], plan: Plan): Promise<void> {
  console.log(
    `${bench}: pods of 10 KiB, ${CONNECTIONS} connections, ${plan.rounds} rounds of ${plan.seconds} s, seed ${plan.seed}`,
  );
  for (const { measure } of all) await measure();
  const samples = await rounds(bench, all, plan.rounds, plan.seed);
  keep("creates", samples);
  printRatios(samples, all);
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
  },
});
const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds), seed: Number(values.seed) };
await Scene.use(async (scene) => {
  const service = await Service.prepare(scene);
  await service.start();
  if (values.only !== "quota") await dryRuns(scene, service, plan);
  if (values.only !== "dry") await quotas(scene, service, plan);
});
