import { appendFileSync, mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readLab } from "../../lab/endpoints.ts";
import { quantile } from "../admission/statistics.ts";
import { until } from "../cluster/scene.ts";
import { ClassRoom } from "./class-room.ts";
import type { Member, Outcome } from "./member.ts";

const AIM_P50_MS = 10_000;
const OFFER_MS = 60_000;
const results = join(import.meta.dirname, "..", "results");

const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;
const seconds = (ms: number): string => (ms / 1000).toFixed(1);

/** Opens the launch page; answers the click on Start. */
async function ready(room: ClassRoom, member: Member): Promise<() => Promise<Outcome>> {
  let click: (() => Promise<Outcome>) | undefined;
  const offered = async (): Promise<boolean> => {
    click = await member.choose(room.choice);
    return click !== undefined;
  };
  await until(`${member.username} may start ${room.choice["image"]}`, offered, OFFER_MS);
  if (click === undefined) throw new Error(`${member.username} has nothing to click`);
  return click;
}

/** All click at the same moment, each on a page that is open already. */
async function burst(room: ClassRoom): Promise<readonly Outcome[]> {
  const clicks: (() => Promise<Outcome>)[] = [];
  for (const member of room.members) clicks.push(await ready(room, member));
  const outcomes = await Promise.all(clicks.map((click) => click()));
  room.signal.throwIfAborted();
  return outcomes;
}

/** Has one start and stop, so that the node has the image and the hub has started something before. */
async function warm(room: ClassRoom): Promise<void> {
  const [first] = room.members;
  if (first === undefined) return;
  const outcome = await (await ready(room, first))();
  console.log(`first start, alone: ${outcome.end} after ${seconds(outcome.ms)} s ${outcome.words ?? ""}`);
  if (outcome.end !== "served") throw new Error("one alone is not served: nothing to measure");
  await room.stopAll();
}

function keep(users: number, round: number, loadBefore: number, outcomes: readonly Outcome[]): void {
  const served = outcomes.filter(({ end }) => end === "served").map(({ ms }) => ms);
  const count = (end: Outcome["end"]): number => outcomes.filter((each) => each.end === end).length;
  const p50Ms = quantile(served, 0.5);
  const figures = { p50Ms, p95Ms: quantile(served, 0.95), maxMs: Math.max(...served) };
  const counts = { served: served.length, refused: count("refused"), lost: count("lost") };
  const machine = { cores: cpus().length, model: cpus()[0]?.model ?? "unknown" };
  const loads = { loadBefore, loadAfter: load() };
  const sample = { at: new Date().toISOString(), users, round, ...figures, ...counts, ...loads };
  mkdirSync(results, { recursive: true });
  appendFileSync(
    join(results, "spawn.jsonl"),
    `${JSON.stringify({ ...sample, machine, node: process.version, samples: outcomes })}\n`,
  );
  for (const { user, end, words } of outcomes) if (end !== "served") console.log(`  ${user} ${end}: ${words ?? ""}`);
  const verdict = p50Ms <= AIM_P50_MS ? "met" : "missed";
  console.log(
    `round ${round}: click to ready p50 ${seconds(p50Ms)} s, p95 ${seconds(figures.p95Ms)} s, at most ${seconds(figures.maxMs)} s; ` +
      `${counts.served} served, ${counts.refused} told why, ${counts.lost} lost; ${machine.cores} CPUs, ` +
      `load ${loads.loadBefore} before, ${loads.loadAfter} after; p50 of at most ${AIM_P50_MS / 1000} s ${verdict}`,
  );
}

const { values } = parseArgs({
  options: { users: { type: "string", default: "20" }, rounds: { type: "string", default: "1" } },
});
const users = Number(values.users);
const lab = readLab(process.env["LAB_NAME"] ?? "bench");
const image = lab.standIns?.["notebook"];
if (image === undefined) throw new Error(`lab "${lab.name}" has no notebook image of its own`);
await ClassRoom.use(lab, async (room) => {
  console.log(`${users} users start at once on lab "${lab.name}", ${values.rounds} round(s)`);
  await room.furnish(users, image);
  await warm(room);
  for (let round = 1; round <= Number(values.rounds); round++) {
    const loadBefore = load();
    keep(users, round, loadBefore, await burst(room));
    await room.stopAll();
  }
});
