import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Settings } from "../../../config/settings.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { foundation } from "../../../stacks/foundation.ts";
import { storage } from "../../../stacks/storage.ts";
import { settings as everywhere } from "../../stacks/support.ts";
import { labUnderTest } from "../../support/lab.ts";
import { clusterProvider, type Registered, record } from "../../support/mocks.ts";
import { withLab } from "../engine/support.ts";

const root = join(import.meta.dirname, "../../..");
const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const prefix = `t-${randomBytes(3).toString("hex")}`;
const settings: Settings = {
  ...everywhere,
  prefix,
  namespaces: { ...everywhere.namespaces, storage: `${prefix}-storage` },
  imageMirror: { ...everywhere.imageMirror, onMissing: "keep" },
};

describe("the storage part on a cluster", () => {
  let api: KubeClient;

  before(async () => {
    api = (await labUnderTest()).client;
  });
  after(() => api.delete(namespaces, undefined, settings.namespaces.storage));

  it("is made of objects that the API server takes as they are", async () => {
    const nfs = { className: `${prefix}-nfs`, kubeletDir: "/kubelet", size: "1Gi", clients: ["192.0.2.0/28"] };
    const { resources } = await record(() => {
      const provider = clusterProvider();
      storage({ ...settings, storage: { ...settings.storage, nfs } }, foundation(settings, provider), provider);
    });
    const ours = resources.filter(
      ({ parent, type }) => /^(storage|nfs-)/.test(parent) && type.startsWith("kubernetes:"),
    );
    const kindOf = ({ type }: Registered): string => type.split(":").at(-1) ?? "";
    const inOrder = ours.toSorted((a, b) => Number(kindOf(b) === "Namespace") - Number(kindOf(a) === "Namespace"));
    for (const each of inOrder) {
      const object = each.inputs as unknown as KubeObject;
      const ref = await api.resourceFor(object.apiVersion ?? "", object.kind ?? "");
      const metadata = { ...object.metadata, name: object.metadata.name ?? `${each.name}-generated` };
      const dryRun = kindOf(each) !== "Namespace";
      await api.create(ref, object.metadata.namespace, { ...object, metadata }, { dryRun, fieldValidation: "Strict" });
    }
    assert.equal(inOrder.length, 16);
  });

  it("stops a preview at a class of one node, before anything is made", () =>
    withLab("storage", async (lab) => {
      const given = { ...settings.storage, homeClass: "standard" };
      lab.program(`
import { ClassCheck } from "${root}/components/storage/class-check.ts";
import { namedClasses, verdictOf } from "${root}/config/home-class.ts";
const named = namedClasses(${JSON.stringify(given)});
const judge = (name, provisioner) => verdictOf(named.find((each) => each.name === name), provisioner, "ReadWriteMany");
new ClassCheck("classes", { classes: named.map(({ name }) => name), judge }, { providers: { kubernetes: provider } });
`);
      const { code, stdout, stderr } = await lab.run("preview");
      assert.equal(code, 255);
      const wrong =
        /carrel:storage\.homeClass: StorageClass \\*"standard\\*" is of \S+, which keeps a volume on one node/;
      assert.match(`${stdout}${stderr}`, wrong);
    }));
});
