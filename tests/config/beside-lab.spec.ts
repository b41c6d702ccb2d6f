import assert from "node:assert/strict";
import { loadSettings } from "../../config/settings.ts";
import { lab, ofTheLab, rawOf, settingsOf } from "./configurations.ts";

describe("a key beside a lab", () => {
  const beside = (changes: Parameters<typeof settingsOf>[0]) =>
    settingsOf({ host: "carrel.localhost", lab: "dev", ...changes });

  it("wins over the lab's value", () => {
    const network = { controlPlaneCidrs: ["192.0.2.0/28"] };
    assert.deepEqual(beside({ network }), { ...ofTheLab, network });
    const cluster = { context: "other" };
    assert.deepEqual(beside({ cluster }), { ...ofTheLab, cluster: { ...ofTheLab.cluster, context: "other" } });
  });

  it("leaves the lab's context out with another kubeconfig", () => {
    const cluster = { kubeconfig: "/other/kubeconfig" };
    assert.deepEqual(beside({ cluster }).cluster, { kubeconfig: "/other/kubeconfig", context: undefined });
  });

  it("leaves plain HTTP to the lab's own registry", () => {
    const { images } = ofTheLab;
    const registry = "registry.example.org";
    assert.deepEqual(beside({ images: { registry } }).images, { ...images, registry, plainHttp: false });
    assert.deepEqual(beside({ images: { registry: images.registry } }).images, images);
    assert.deepEqual(beside({ images: { plainHttp: false } }).images, { ...images, plainHttp: false });
  });

  it("may ask for plain HTTP to a lab's registry of any name", () => {
    const given = { ...lab, context: "", registry: { host: "registry.example.org", plainHttp: false } };
    const config = rawOf({ host: "a.example.org", lab: "given", images: { plainHttp: true } });
    const settings = loadSettings(config, () => given);
    assert.equal(settings.images.plainHttp, true);
    // A lab on a given cluster may name no context: the kubeconfig's current one is meant.
    assert.equal(settings.cluster.context, undefined);
  });

  it("takes every address from a lab that cannot know better", () => {
    const kind = { ...lab, controlPlaneCidrs: ["0.0.0.0/0"] };
    const settings = loadSettings(rawOf({ host: "a.example.org", lab: "kind" }), () => kind);
    assert.deepEqual(settings.network.controlPlaneCidrs, ["0.0.0.0/0"]);
  });
});
