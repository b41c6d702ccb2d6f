import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ensureCaller, type Load, startCalling } from "../caller.ts";
import { benchPod, podDefaults, refs, reviewOf, UID } from "./objects.ts";
import { keep, type Sample, sampleOf } from "./rounds.ts";
import { Scene } from "./scene.ts";
import { Service } from "./service.ts";

const LARGE = { cpu: "100k", memory: "100Ti", pods: 1_000_000 };
const [PER_SECOND, RESERVED_PER_SECOND, EVERY_MS] = [1000, 2, 10_000];
const { values } = parseArgs({
  options: {
    pods: { type: "string", default: "10000" },
    minutes: { type: "string", default: "10" },
    short: { type: "boolean", default: false },
  },
});
const seconds = values.short ? 60 : Number(values.minutes) * 60;

/** Mebibytes that are gained in an hour, by least squares over the last 70 % of the time. */
function slopePerHour(samples: readonly Sample[]): number {
  const last = samples.slice(Math.floor(samples.length * 0.3)).map(({ figures }) => figures);
  const mean = (of: (each: (typeof last)[number]) => number): number =>
    last.reduce((sum, each) => sum + of(each), 0) / last.length;
  const [x, y] = [mean((each) => each["second"] ?? 0), mean((each) => each["rssMiB"] ?? 0)];
  const covariance = mean((each) => ((each["second"] ?? 0) - x) * ((each["rssMiB"] ?? 0) - y));
  return (covariance / mean((each) => ((each["second"] ?? 0) - x) ** 2)) * 3600;
}

async function soak(scene: Scene, service: Service, loads: readonly Load[]): Promise<readonly Sample[]> {
  const program = await ensureCaller();
  const samples: Sample[] = [];
  const started = performance.now();
  const over = new AbortController();
  const observed = (async () => {
    while (!over.signal.aborted) {
      const second = (performance.now() - started) / 1000;
      samples.push(sampleOf("memory", "soak", samples.length + 1, { second, ...service.usage() }));
      await pause(EVERY_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  const calling = loads.map((load) => startCalling(program, load));
  scene.signal.addEventListener("abort", () => {
    for (const { stop } of calling) stop();
  });
  const summaries = await Promise.all(calling.map(({ summary }) => summary)).finally(() => over.abort());
  await observed;
  for (const { calls, failed, ratePerSecond, latencyMs, errors, verdicts } of summaries) {
    console.log(
      `  ${calls} calls, ${failed} failed, ${ratePerSecond}/s, p50 ${latencyMs.p50} p99 ${latencyMs.p99} ms`,
      errors,
      verdicts,
    );
  }
  return samples;
}

await Scene.use(async (scene) => {
  const service = await Service.prepare(scene);
  const namespace = await scene.namespace("cached");
  const group = await scene.group("cached", { quota: LARGE, memberQuota: LARGE });
  for (const podDefault of podDefaults(100)) await scene.make(refs.podDefaults, namespace, podDefault);
  const pod = benchPod(group, "ada");
  await scene.fill(namespace, pod, Number(values.pods));
  const readyMs = await service.start();
  console.log(`${values.pods} pods: ready after ${readyMs.toFixed(0)} ms`, service.usage());
  const to = { address: service.address, serverName: scene.layout.nodeAddress, ca: service.ca, uid: UID };
  const review = (path: string, dryRun: boolean): Load["calls"][number] => ({
    path,
    body: reviewOf(namespace, pod, dryRun),
  });
  const shared = { ...to, timeoutSeconds: 5, seconds, maxLateMs: 1000 };
  const samples = await soak(scene, service, [
    {
      ...shared,
      calls: ["/quota", "/pod-defaults-image-mirror"].map((path) => review(path, true)),
      ratePerSecond: PER_SECOND - RESERVED_PER_SECOND,
    },
    { ...shared, calls: [review("/quota", false)], ratePerSecond: RESERVED_PER_SECOND },
  ]);
  keep("memory", samples);
  const rss = samples.map(({ figures }) => figures["rssMiB"] ?? 0);
  const peak = samples.at(-1)?.figures["peakMiB"] ?? 0;
  console.log(
    `RSS after ${seconds} s: ${rss.at(-1)?.toFixed(0)} MiB; at most ${Math.max(...rss).toFixed(0)}, ever ${peak.toFixed(0)} (the start); ` +
      `slope ${slopePerHour(samples).toFixed(1)} MiB an hour; ${await service.openReservations()} reservations open`,
  );
});
