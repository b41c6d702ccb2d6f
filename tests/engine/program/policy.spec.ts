import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { document, story, type TestProject, timeless, urnIn, withProject } from "../support/project.ts";

const pack = `
import { PolicyPack, validateResourceOfType } from "@pulumi/policy";
import * as random from "@pulumi/random";
new PolicyPack("lengths", {
  policies: [
    {
      name: "long-enough",
      description: "Strings have enough characters.",
      enforcementLevel: "mandatory",
      configSchema: { properties: { least: { type: "number", default: 8 } } },
      validateResource: validateResourceOfType(random.RandomString, (text, args, reportViolation) => {
        const { least } = args.getConfig();
        if (text.length < least) reportViolation("length is " + text.length + ", at least " + least + " is needed");
      }),
    },
    {
      name: "not-too-long",
      description: "Strings stay short.",
      enforcementLevel: "advisory",
      validateResource: validateResourceOfType(random.RandomString, (text, args, reportViolation) => {
        if (text.length > 20) reportViolation("length is " + text.length + ", which is hard to read");
      }),
    },
    {
      name: "few",
      description: "A stack has few strings.",
      enforcementLevel: "mandatory",
      validateStack: (args, reportViolation) => {
        const strings = args.resources.filter((each) => each.isType(random.RandomString));
        if (strings.length > 2) reportViolation(strings.length + " strings are too many");
      },
    },
  ],
});
`;

function withPack(project: TestProject, lengths: readonly number[]): void {
  project.write("pack/index.js", pack);
  project.write("pack/package.json", JSON.stringify({ name: "lengths", version: "1.2.3", type: "module" }));
  project.write("pack/PulumiPolicy.yaml", "runtime: nodejs\nmain: index.js\n");
  project.write("least.json", JSON.stringify({ "long-enough": { least: 4 }, "not-too-long": { unused: 1 } }));
  project.program(
    lengths.map((length, i) => `new random.RandomString("text-${i}", { length: ${length} });`).join("\n"),
  );
}

const told = story(() =>
  withProject("checked", async (project) => {
    const check = ["--policy-pack", "pack"];
    withPack(project, [5, 30]);
    const broken = await project.engine(["preview", ...check]);
    const brokenUp = await project.engine(["up", "--json", ...check]);
    const made = project.state.resources.map((resource) => resource.urn);
    const passing = await project.engine(["up", "--json", ...check, "--policy-pack-config", "least.json"]);
    const hasState = existsSync(project.stateFile);
    withPack(project, [9, 9, 9]);
    const tooMany = await project.engine(["preview", "--json", ...check]);
    return { broken, brokenUp, made, passing, hasState, tooMany };
  }),
);

const urn = (name: string): string => urnIn("checked", "random:index/randomString:RandomString", name);

describe("policy packs", function () {
  this.timeout(90_000);
  let runs: Awaited<ReturnType<typeof told>>;
  before(async () => {
    runs = await told();
  });

  it("fail a preview with the policy's name and message", () => {
    assert.equal(runs.broken.code, 255);
    const text = timeless(runs.broken.stdout);
    assert.equal(
      text.slice(text.indexOf("\nPolicies:"), text.indexOf("\nResources:")),
      `
Policies:
    lengths 1.2.3: 2 violation(s)
    [mandatory] long-enough  (random:index/randomString:RandomString: text-0)
        Strings have enough characters.
        length is 5, at least 8 is needed
    [advisory] not-too-long  (random:index/randomString:RandomString: text-1)
        Strings stay short.
        length is 30, which is hard to read

Diagnostics:
  error: ${urn("text-0")}: policy long-enough: Strings have enough characters.
length is 5, at least 8 is needed
`,
    );
  });

  it("stop what they refuse before it is made", () => {
    assert.equal(runs.brokenUp.code, 255);
    assert.equal(runs.made.includes(urn("text-0")), false);
    assert.equal(runs.made.includes(urn("text-1")), true);
  });

  it("let advisory violations pass, and take configuration", () => {
    assert.equal(runs.passing.code, 0, runs.passing.stderr);
    const { policies, diagnostics, changeSummary } = document(runs.passing);
    assert.deepEqual(policies, {
      packs: ["lengths 1.2.3"],
      results: [
        {
          policy: "not-too-long",
          pack: "lengths",
          mandatory: false,
          urn: urn("text-1"),
          message: "Strings stay short.\nlength is 30, which is hard to read",
        },
      ],
    });
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(changeSummary, { same: 3, create: 1 });
  });

  it("see the whole stack", () => {
    assert.equal(runs.tooMany.code, 255);
    const { policies, diagnostics } = document(runs.tooMany);
    assert.deepEqual(
      policies.results.map(({ policy, mandatory, message }) => ({ policy, mandatory, message })),
      [{ policy: "few", mandatory: true, message: "A stack has few strings.\n3 strings are too many" }],
    );
    assert.match(diagnostics[0]?.message ?? "", /: policy few: A stack has few strings\.\n3 strings are too many$/);
    assert.equal(diagnostics.length, 1);
  });
});
