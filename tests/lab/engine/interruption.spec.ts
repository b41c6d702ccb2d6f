import assert from "node:assert/strict";
import { byName } from "../../engine/support/project.ts";
import { eventually } from "../../support/eventually.ts";
import { type LabProgram, operations, reasons, urnOf, withLab } from "./support.ts";

const deployment = (annotations = ""): string => `
new k8s.apps.v1.Deployment("slow", { metadata: { name: "slow", annotations: { ${annotations} } }, spec: {
  selector: { matchLabels: { app: "slow" } }, template: { metadata: { labels: { app: "slow" } }, spec: {
    nodeSelector: { "carrel.dev/test": "nowhere" }, containers: [{ name: "main", image: "registry.invalid/none" }] } } } }, opts);`;
const skipping = deployment('"pulumi.com/skipAwait": "true"');

/** Kills an up while it waits for the deployment that no node takes. */
async function interrupted(
  lab: LabProgram,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  lab.program(deployment());
  const { child, result } = lab.project.start(["up", "--json"]);
  try {
    // The controller writes the status a while later; before that the engine waits for something else.
    await eventually("the deployment with its pod", async () => {
      const found = await lab.object("apps/v1", "Deployment", "slow");
      return (found?.["status"] as { updatedReplicas?: number } | undefined)?.updatedReplicas === 1 || undefined;
    });
    await eventually("its creation in the state", async () =>
      lab.project.state.pending_operations?.length === 1 ? true : undefined,
    );
    process.kill(child.pid!, signal);
  } catch (error) {
    if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
    throw error;
  }
  return result;
}

const warning = (lab: LabProgram): string =>
  `warning: an earlier run was interrupted while creating ${urnOf(lab, "apps/v1:Deployment", "slow")}; this run settles it\n`;

describe("an interrupted run", () => {
  it("that was killed is told by the next one, which takes its object over", () =>
    withLab("killed", async (lab) => {
      await interrupted(lab, "SIGKILL");
      const { pending_operations: pending = [] } = lab.project.state;
      assert.deepEqual(
        pending.map(({ type, resource }) => [type, resource.urn]),
        [["creating", urnOf(lab, "apps/v1:Deployment", "slow")]],
      );
      const { uid } = (await lab.existing("apps/v1", "Deployment", "slow")).metadata;
      lab.program(skipping);
      const preview = await lab.run("preview");
      assert.deepEqual([preview.code, preview.stderr.includes(warning(lab))], [0, true], preview.stderr);
      const up = await lab.run("up");
      assert.deepEqual([up.code, up.stderr.includes(warning(lab))], [0, true], up.stderr);
      assert.equal((await lab.existing("apps/v1", "Deployment", "slow")).metadata.uid, uid);
      assert.equal(lab.project.state.pending_operations, undefined);
      const again = await lab.run("up", "--expect-no-changes");
      assert.deepEqual([again.code, again.stderr.includes("warning:")], [0, false], again.stderr);
    }));

  it("that was killed is settled when nobody wants its object any more", () =>
    withLab("unwanted", async (lab) => {
      await interrupted(lab, "SIGKILL");
      lab.program("");
      assert.deepEqual(operations(await lab.done("up")), []);
      assert.equal(await lab.object("apps/v1", "Deployment", "slow"), undefined);
      assert.equal(lab.project.state.pending_operations, undefined);
    }));

  it("does not take over what another has put in the place of its object", () =>
    withLab("usurped", async (lab) => {
      await interrupted(lab, "SIGKILL");
      await lab.remove("apps/v1", "Deployment", "slow");
      const labels = { app: "theirs" };
      const theirs = await lab.put({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "slow" },
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: "main", image: "registry.invalid/none" }] } },
        },
      });
      lab.program(skipping);
      const refused = await lab.run("up");
      const id = `${lab.namespace}/slow`;
      assert.deepEqual(
        [refused.code, reasons(refused)],
        [
          255,
          [
            `${urnOf(lab, "apps/v1:Deployment", "slow")}: Deployment ${id} already exists: import it with the resource option \`import: "${id}"\`, or delete it`,
          ],
        ],
      );
      assert.equal((await lab.existing("apps/v1", "Deployment", "slow")).metadata.uid, theirs.metadata.uid);
    }));

  it("that was asked to stop keeps the object in its state", () =>
    withLab("stopped", async (lab) => {
      const { code } = await interrupted(lab, "SIGINT");
      assert.equal(code, 255);
      const kept = byName(lab.project.state, "slow");
      assert.deepEqual(
        [kept.id, kept["initErrors"], lab.project.state.pending_operations],
        [`${lab.namespace}/slow`, ["interrupted: 0 of 1 readyReplicas"], undefined],
      );
      assert.deepEqual(operations(await lab.up(skipping)), ["update Deployment slow"]);
    }));
});
