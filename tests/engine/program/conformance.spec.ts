import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Deployment, type RunResult, run, type TestProject, withProject } from "../support/project.ts";

const hasPulumi = spawnSync("pulumi", ["version"], { stdio: "ignore" }).status === 0;
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** One project through several programs: what both engines have to agree on after each of them. */
interface Case {
  readonly title: string;
  readonly programs: readonly string[];
}

const box = `
class Box extends pulumi.ComponentResource {
  constructor(name, opts = {}) {
    super("shop:index:Box", name, { size: 3 }, opts);
    this.inner = new random.RandomString("inner", { length: 8 }, { parent: this });
    this.registerOutputs({ inner: this.inner.result });
  }
}`;
const cases: readonly Case[] = [
  {
    title: "components, parents, dependencies and secrets",
    programs: [
      `${box}
       const box = new Box("box");
       const password = new random.RandomPassword("password", { length: 12, keepers: { token: pulumi.secret("t") } });
       new random.RandomUuid("last", { keepers: { by: password.result } }, { dependsOn: [box] });
       export const plain = box.inner.result; export const hidden = password.result;`,
    ],
  },
  {
    title: "replacements, renames and removals",
    programs: [
      `new random.RandomId("a", { byteLength: 2, keepers: { v: "1" } }); new random.RandomId("old", { byteLength: 2 });
       new random.RandomId("gone", { byteLength: 2 });`,
      `new random.RandomId("a", { byteLength: 2, keepers: { v: "2" } });
       new random.RandomId("new", { byteLength: 2 }, { aliases: [{ name: "old" }] });`,
    ],
  },
  {
    title: "options that are stored",
    programs: [
      `new random.RandomId("p", { byteLength: 2 }, { protect: true, retainOnDelete: true, customTimeouts: { create: "90s" } });
       new random.RandomId("hidden", { byteLength: 2 }, { additionalSecretOutputs: ["hex"] });`,
      `new random.RandomId("hidden", { byteLength: 2 });`,
    ],
  },
  {
    title: "a program that throws",
    programs: [`new random.RandomId("a", { byteLength: 2 });`, `throw new Error("broke");`],
  },
  {
    title: "a duplicate URN",
    programs: [`for (const _ of [1, 2]) new random.RandomId("a", { byteLength: 2 });`],
  },
];

/** The places of secrets in a value, as paths. */
function secretPlaces(value: unknown, at: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (SIGNATURE in value) return [at];
  return Object.entries(value).flatMap(([key, item]) => secretPlaces(item, `${at}.${key}`));
}

/** Pulumi puts the plugin's version into the names of default providers. */
const named = (urn: string): string => urn.replace(/(pulumi:providers:\w+::default)_[\w.]+/, "$1");

function comparable({ resources }: Deployment): unknown[] {
  return resources
    .map(({ urn, type, custom, parent, inputs, outputs, ...row }) => ({
      urn: named(urn),
      type,
      custom,
      parent,
      delete: row["delete"] === true,
      protect: row["protect"] === true,
      retainOnDelete: row["retainOnDelete"] === true,
      dependencies: [...((row["dependencies"] ?? []) as string[])].sort(),
      customTimeouts: Object.entries((row["customTimeouts"] ?? {}) as Record<string, number>).filter(([, s]) => s > 0),
      provider: typeof row["provider"] === "string" ? named(row["provider"]).split("::").slice(0, -1) : undefined,
      secrets: [...secretPlaces(inputs, "inputs"), ...secretPlaces(outputs, "outputs")].sort(),
    }))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

interface Outcome {
  readonly codes: readonly (number | null)[];
  readonly states: readonly unknown[];
}

type Engine = (project: TestProject, args: readonly string[]) => Promise<RunResult>;
const ours: Engine = (project, args) => project.engine(args);
const pulumis: Engine = (project, args) => {
  const [action = "", ...rest] = args;
  const confirmed = action === "up" || action === "destroy" ? ["--yes", "--skip-preview"] : [];
  const all = [action, ...rest, ...confirmed, "--non-interactive", "--stack", project.stack, "--cwd", project.dir];
  const home = join(project.backendDir, "home");
  return run("pulumi", all, { ...project.environment, PULUMI_HOME: home }).result;
};

const outcome = (engine: Engine, { programs }: Case): Promise<Outcome> =>
  withProject("shop", async (project) => {
    if (engine === pulumis) assert.equal((await engine(project, ["stack", "init", project.stack])).code, 0);
    const [codes, states]: [(number | null)[], unknown[]] = [[], []];
    for (const program of programs) {
      project.program(program);
      codes.push((await engine(project, ["up"])).code);
      codes.push((await engine(project, ["preview", "--expect-no-changes"])).code);
      const exported = await engine(project, ["stack", "export"]);
      states.push(comparable((JSON.parse(exported.stdout) as { deployment: Deployment }).deployment));
    }
    codes.push((await engine(project, ["destroy"])).code);
    return { codes, states };
  });

describe("the lab's engine and Pulumi's CLI", function () {
  this.timeout(300_000);

  before(function () {
    if (hasPulumi) return;
    console.log("skipped: no pulumi CLI");
    this.skip();
  });

  for (const each of cases) {
    it(`agree on ${each.title}: exit codes and state`, async () => {
      assert.deepEqual(await outcome(ours, each), await outcome(pulumis, each));
    });
  }
});
