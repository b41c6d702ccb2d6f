import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LabProgram, operations, reasons, withLab } from "./support.ts";

/** The lab's own kubeconfig, with its server spelt in a way that no lab has written. */
function foreignKubeconfig(lab: LabProgram): { path: string; server: string } {
  const server = `${lab.endpoints.server}/`;
  const path = join(lab.project.dir, "foreign.kubeconfig");
  const text = readFileSync(lab.endpoints.kubeconfig, "utf8");
  lab.project.write("foreign.kubeconfig", text.replace(`"${lab.endpoints.server}"`, `"${server}"`));
  return { path, server };
}

const body = 'new k8s.core.v1.ConfigMap("one", { metadata: { name: "one" } }, opts);';

describe("a cluster that no lab has started", () => {
  for (const action of ["preview", "up"]) {
    it(`is refused by ${action}, and nothing is asked of it`, () =>
      withLab("guarded", async (lab) => {
        const { path, server } = foreignKubeconfig(lab);
        const { context } = lab.endpoints;
        lab.program(body, path);
        const refused = await lab.run(action);
        assert.equal(refused.code, 255);
        assert.deepEqual(reasons(refused), [
          `urn:pulumi:test::guarded::pulumi:providers:kubernetes::lab: the lab's engine does not change cluster ${server} (context "${context}"), which no lab on this machine started: use Pulumi's CLI, or pass --allow-cluster ${context}`,
        ]);
        assert.deepEqual(await lab.names("v1", "ConfigMap"), ["kube-root-ca.crt"]);
      }));
  }

  it("is let through by --allow-cluster with its context, and by no other name", () =>
    withLab("allowed", async (lab) => {
      const { path } = foreignKubeconfig(lab);
      lab.program(body, path);
      assert.equal((await lab.run("up", "--allow-cluster", "another")).code, 255);
      assert.deepEqual(await lab.names("v1", "ConfigMap"), ["kube-root-ca.crt"]);
      const up = await lab.done("up", "--allow-cluster", "another", "--allow-cluster", lab.endpoints.context);
      assert.deepEqual(operations(up), ["create ConfigMap one"]);
      assert.deepEqual(await lab.names("v1", "ConfigMap"), ["kube-root-ca.crt", "one"]);
    }));

  it("is not destroyed either, though its state is here", () =>
    withLab("kept", async (lab) => {
      const { path, server } = foreignKubeconfig(lab);
      lab.program(body, path);
      await lab.done("up", "--allow-cluster", lab.endpoints.context);
      const refused = await lab.run("destroy");
      assert.equal(refused.code, 255);
      assert.deepEqual(
        reasons(refused).map((reason) => reason.includes(`does not change cluster ${server} `)),
        [true],
      );
      assert.deepEqual(await lab.names("v1", "ConfigMap"), ["kube-root-ca.crt", "one"]);
    }));
});
