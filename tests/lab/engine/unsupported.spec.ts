import assert from "node:assert/strict";
import { reasons, urnOf, withLab } from "./support.ts";

const problem = "is not supported by the lab's engine";

describe("what the lab's engine does not support", () => {
  it("is refused by type", () =>
    withLab("types", async (lab) => {
      lab.program(`
new k8s.core.v1.ConfigMapPatch("patch", { metadata: { name: "kube-root-ca.crt" }, data: { a: "1" } }, opts);
new k8s.core.v1.ConfigMapList("list", { items: [{ metadata: { name: "one" } }] }, opts);
new k8s.rbac.v1.RoleList("roles", { items: [] }, opts);
new k8s.helm.v3.Release("release", { chart: "nginx" }, opts);`);
      const before = await lab.existing("v1", "ConfigMap", "kube-root-ca.crt");
      const up = await lab.run("up");
      assert.equal(up.code, 255);
      const types = [
        ["core/v1:ConfigMapList", "list"],
        ["core/v1:ConfigMapPatch", "patch"],
        ["helm.sh/v3:Release", "release"],
        ["rbac.authorization.k8s.io/v1:RoleList", "roles"],
      ] as const;
      assert.deepEqual(
        reasons(up).sort(),
        types
          .map(
            ([type, name]) =>
              `${urnOf(lab, type, name)}: the lab's engine does not support kubernetes:${type}: declare the objects one by one, or use Pulumi's CLI (ENGINE=pulumi)`,
          )
          .sort(),
      );
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "kube-root-ca.crt"), before);
    }));

  it("is refused where the SDK would expand it: YAML files, charts and remote components", () =>
    withLab("expanded", async (lab) => {
      const said = async (body: string): Promise<string> => {
        lab.program(body);
        const up = await lab.run("up");
        assert.equal(up.code, 255);
        return reasons(up).join("\n");
      };
      const yaml = await said(
        'new k8s.yaml.ConfigGroup("yaml", { yaml: "apiVersion: v1\\nkind: ConfigMap\\nmetadata: { name: one }" }, opts);',
      );
      assert.match(yaml, /the lab's engine does not support the function kubernetes:yaml:decode: use Pulumi's CLI/);
      const remote = await said('new k8s.yaml.v2.ConfigGroup("remote", { yaml: "" }, opts);');
      assert.match(
        remote,
        /resource "remote" of type kubernetes:yaml\/v2:ConfigGroup sets remote, which the lab's engine does not support: use Pulumi's CLI \(ENGINE=pulumi\)/,
      );
      assert.deepEqual(await lab.names("v1", "ConfigMap"), ["kube-root-ca.crt"]);
    }));

  it("is refused by annotation and by field, all of an object at once", () =>
    withLab("annotated", async (lab) => {
      lab.program(`
new k8s.core.v1.ConfigMap("one", { metadata: { generateName: "one-", annotations: {
  "pulumi.com/waitFor": "jsonpath={.data.a}", "pulumi.com/replaceUnready": "true",
  "pulumi.com/deletionPropagationPolicy": "orphan" } } }, opts);`);
      const up = await lab.run("preview");
      assert.equal(up.code, 255);
      const problems = [
        `metadata.annotations["pulumi.com/waitFor"]: ${problem}`,
        `metadata.annotations["pulumi.com/replaceUnready"]: ${problem}`,
        `metadata.annotations["pulumi.com/deletionPropagationPolicy"]: ${problem}`,
        `metadata.generateName: ${problem}: leave the name out`,
      ];
      assert.deepEqual(reasons(up), [`${urnOf(lab, "core/v1:ConfigMap", "one")}: ${problems.join("; ")}`]);
    }));

  it("is refused as argument of the provider, and only what was given is named", () =>
    withLab("arguments", async (lab) => {
      const refused = async (args: Record<string, unknown>): Promise<string[]> => {
        lab.providerArgs = args;
        lab.program("");
        const up = await lab.run("up");
        assert.equal(up.code, 255);
        return reasons(up);
      };
      const urn = "urn:pulumi:test::arguments::pulumi:providers:kubernetes::lab";
      assert.deepEqual(await refused({ renderYamlToDirectory: "/tmp" }), [
        `${urn}: kubernetes.Provider: renderYamlToDirectory ${problem}`,
      ]);
      assert.deepEqual(await refused({ enableServerSideApply: false }), [
        `${urn}: kubernetes.Provider: enableServerSideApply=false ${problem}`,
      ]);
    }));
});
