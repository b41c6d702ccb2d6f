import { parseArgs } from "node:util";
import { isNotFound } from "../../services/lib/kube/errors.ts";
import { benchPod, refs, reviewOf, UID } from "./objects.ts";
import { type Contestant, type Figures, keep, printRatios, rounds } from "./rounds.ts";
import { Scene } from "./scene.ts";
import { Service } from "./service.ts";

const LARGE = { cpu: "100k", memory: "100Ti", pods: 1_000_000 };
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "128" },
    seed: { type: "string", default: "1" },
    live: { type: "string", default: "5000" },
    profile: { type: "boolean", default: false },
  },
});
const [seconds, connections, many] = [Number(values.seconds), Number(values.connections), Number(values.live)];

/** A group with so many live pods, about whose next ones one replica is asked over and over. */
async function groupOf(scene: Scene, service: Service, namespace: string, live: number): Promise<Contestant> {
  const group = await scene.group(`live-${live}`, { quota: LARGE, memberQuota: LARGE });
  const pod = benchPod(group, "ada");
  await scene.fill(namespace, pod, live);
  const bodies = [reviewOf(namespace, pod, false)];
  const measure = async (): Promise<Figures> => {
    // Nothing that it was asked about before comes to be a pod: it starts anew, without any promise.
    await service.stop();
    await scene.client.delete(refs.ledgers, service.namespace, group).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    await service.start(values.profile ? ["--cpu-prof", `--cpu-prof-dir=${process.cwd()}`] : []);
    const url = service.url("/quota");
    const load = { url, ca: service.ca, bodies, uid: UID, isReview: true, connections, warmupSeconds: 1.5, seconds };
    const before = service.usage();
    const { perSecond, sent, denied, denial, p50Ms, p99Ms } = await scene.post(load);
    // A machine that is busy with other things may come too late for some; any other refusal is a mistake.
    if (denied > 0 && !denial?.includes("try again")) throw new Error(`${denied} pods were refused: ${denial}`);
    const serviceMicros = ((service.usage().cpuMs - before.cpuMs) * 1000) / sent;
    const writes = /^carrel_quota_ledger_writes_total\{result="written"\} (\d+)$/m.exec(await service.metrics());
    const perWrite = sent / Number(writes?.[1] ?? Number.NaN);
    if (values.profile) await service.stop("SIGTERM");
    return {
      perSecond: (perSecond * (sent - denied)) / sent,
      denied,
      p50Ms,
      p99Ms,
      openAtEnd: sent,
      serviceMicros,
      decisionsPerWrite: perWrite,
    };
  };
  return { name: `${live} live pods`, measure };
}

await Scene.use(async (scene) => {
  const service = await Service.prepare(scene);
  const namespace = await scene.namespace("live");
  const all = [await groupOf(scene, service, namespace, 50), await groupOf(scene, service, namespace, many)];
  console.log(`quota decisions on one replica: ${connections} connections, ${values.rounds} rounds of ${seconds} s`);
  const samples = await rounds("decisions", all, Number(values.rounds), Number(values.seed));
  keep("decisions", samples);
  printRatios(samples, all);
});
