import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { nodeEnvironment, nodeFlags } from "../../images/node-runtime.ts";

/** Keeps much of what it makes for a while, as a server with many calls under way; prints the young generation's MiB at most. */
const busy = `
  const { getHeapSpaceStatistics } = require("node:v8");
  const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size / 1024 / 1024;
  const kept = [];
  let most = 0;
  for (let i = 0; i < 400_000; i++) {
    kept[i % 40_000] = { i, text: ("x" + i).repeat(8), list: [i, i, i, i] };
    if (i % 1000 === 0) most = Math.max(most, young());
  }
  console.log(most);
`;

const mostYoung = (flags: readonly string[]): number =>
  Number(execFileSync(process.execPath, [...flags, "-e", busy], { encoding: "utf8" }));

describe("the flags of Node in our images", () => {
  it("bound the young generation, which grows beyond that without them", () => {
    const [bounded, free] = [mostYoung(nodeFlags), mostYoung([])];
    assert.ok(bounded <= 24, `${bounded} MiB with ${nodeFlags.join(" ")}`);
    assert.ok(free > 24, `${free} MiB without: the flags bound nothing`);
  });
});

/** Reads page after page, and keeps a little of each; prints the MiB that it has once the pages are gone. */
const lister = `
  const kept = [];
  for (let round = 0; round < 30; round++) {
    const pages = [];
    for (let i = 0; i < 8; i++) {
      pages.push(Buffer.alloc(1 << 20, 1));
      kept.push(Buffer.allocUnsafeSlow(5000).fill(1));
    }
    pages.length = 0;
    gc();
  }
  setTimeout(() => gc(), 50);
  setTimeout(() => console.log(process.memoryUsage.rss() / 1024 / 1024), 100);
`;

const left = (env: Readonly<Record<string, string>>): number =>
  Number(execFileSync(process.execPath, ["--expose-gc", "-e", lister], { encoding: "utf8", env }));

describe("the environment of Node in our images", () => {
  it("gives large buffers back to the system, which stay in the heap without it", () => {
    const [ours, bare] = [left(nodeEnvironment), left({})];
    assert.ok(ours < bare, `${ours} MiB are left, ${bare} MiB without`);
  });
});
