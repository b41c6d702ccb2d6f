import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync } from "node:fs";
import { Agent, request } from "node:https";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { selfSignedPair } from "./key-pair.ts";

const CONNECTIONS = 25;
const paths = { floor: "/", "image-mirror": "/image-mirror", "pod-defaults": "/pod-defaults" } as const;
type Target = keyof typeof paths;

/** One measured round of one target; raw, as it is kept in `bench/results/admission-mutate.jsonl`. */
interface Sample {
  readonly at: string;
  readonly target: Target;
  readonly calls: number;
  /** Processor time of the server process for one call: the load generator's own speed does not show in it. */
  readonly serverMicrosPerCall: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly machine: string;
}

/** A review of a pod of about 10 KiB: three containers with much environment. */
function review(): Buffer {
  const env = (n: number): object[] =>
    Array.from({ length: 36 }, (_, i) => ({ name: `SETTING_${n}_${i}`, value: `value-${n}-${i}-${"x".repeat(32)}` }));
  const images = [
    "python:3.12",
    "quay.io/jupyter/base-notebook:2026",
    `ghcr.io/example/tool@sha256:${"ab".repeat(32)}`,
  ];
  const containers = images.map((image, n) => ({
    name: `c${n}`,
    image,
    env: env(n),
    resources: { limits: { cpu: "1" } },
  }));
  const object = {
    metadata: { name: "work", namespace: "work", labels: { "default-1": "yes", "default-3": "yes" } },
    spec: { containers },
  };
  const resource = { group: "", version: "v1", resource: "pods" };
  const body = {
    uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
    operation: "CREATE",
    namespace: "work",
    resource,
    object,
  };
  return Buffer.from(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: body }));
}

async function answerOf<T>(child: ChildProcess, message: unknown): Promise<T> {
  const answered = once(child, "message");
  child.send(message as object);
  return (await answered)[0] as T;
}

function call(options: { port: number; path: string; agent: Agent }, body: Buffer): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sent = request({ ...options, host: "127.0.0.1", method: "POST", headers }, (response) => {
      response.resume().on("end", () => {
        if (response.statusCode === 200) resolve(performance.now() - started);
        else reject(new Error(`${options.path} answered ${response.statusCode}`));
      });
    });
    sent.on("error", reject).end(body);
  });
}

async function measure(child: ChildProcess, port: number, ca: string, target: Target, calls: number): Promise<Sample> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca, servername: "localhost" });
  const body = review();
  const options = { port, path: paths[target], agent };
  const latencies: number[] = [];
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) latencies.push(await call(options, body));
  };
  const before = await answerOf<{ cpuMicros: number }>(child, "cpu");
  const started = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const seconds = (performance.now() - started) / 1000;
  const after = await answerOf<{ cpuMicros: number }>(child, "cpu");
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 100) / 100;
  return {
    at: new Date().toISOString(),
    target,
    calls,
    serverMicrosPerCall: Math.round(((after.cpuMicros - before.cpuMicros) / calls) * 10) / 10,
    callsPerSecond: Math.round(calls / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "7" }, calls: { type: "string", default: "5000" } },
  });
  const pair = await selfSignedPair();
  const children = {
    floor: fork(join(import.meta.dirname, "server.ts")),
    carrel: fork(join(import.meta.dirname, "server.ts")),
  };
  const samples: Sample[] = [];
  try {
    const floor = await answerOf<{ port: number }>(children.floor, { kind: "floor", ...pair });
    const carrel = await answerOf<{ port: number }>(children.carrel, { kind: "carrel", ...pair });
    // Interleaved, so that what else the machine does falls on all of them; the first round only warms up.
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const target of Object.keys(paths) as Target[]) {
        const [child, { port }] = target === "floor" ? [children.floor, floor] : [children.carrel, carrel];
        const sample = await measure(child, port, pair.cert, target, Number(values.calls));
        if (round > 0) samples.push(sample);
      }
    }
  } finally {
    for (const child of Object.values(children)) child.kill();
  }
  const results = join(import.meta.dirname, "..", "results");
  mkdirSync(results, { recursive: true });
  appendFileSync(
    join(results, "admission-mutate.jsonl"),
    samples.map((sample) => `${JSON.stringify(sample)}\n`).join(""),
  );
  const of = (target: Target): number =>
    median(samples.filter((each) => each.target === target).map((each) => each.serverMicrosPerCall));
  console.log("target          server µs/call   floor / target");
  for (const target of Object.keys(paths) as Target[]) {
    console.log(
      `${target.padEnd(15)} ${of(target).toFixed(1).padStart(14)}   ${(of("floor") / of(target)).toFixed(2)}`,
    );
  }
}

await main();
