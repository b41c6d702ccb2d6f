import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { admission } from "../../stacks/admission.ts";
import { api } from "../../stacks/api.ts";
import { exposure } from "../../stacks/exposure.ts";
import { foundation } from "../../stacks/foundation.ts";
import { hub } from "../../stacks/hub.ts";
import { identity } from "../../stacks/identity.ts";
import { starter } from "../../stacks/starter.ts";
import { storage } from "../../stacks/storage.ts";
import { settings as everywhere } from "../stacks/support.ts";
import { clusterProvider, type Recording, record } from "../support/mocks.ts";

const root = join(import.meta.dirname, "..", "..");
/** Folders of components. */
const areas: ReadonlySet<string> = new Set(readdirSync(join(root, "components")));

// With everything that a site can do without, and no mirror that lacks upstream's images.
const settings: Settings = {
  ...everywhere,
  imageMirror: { ...everywhere.imageMirror, onMissing: "keep" },
  placement: { userScheduler: true, placeholders: { count: 1, cpu: "1", memory: "2Gi" }, pullImages: true },
  exposure: { ...everywhere.exposure, gatewayClass: undefined, metallbAddresses: ["192.0.2.7/32"] },
};
const nfs = { className: "carrel-nfs", kubeletDir: "/kubelet", size: "1Gi", clients: ["192.0.2.0/28"] };
const imageOf = (service: string): string => `registry.test/carrel/${service}@sha256:0123`;

/** Every part of the program at once. */
const recordAll = (): Promise<Recording<void>> =>
  record(() => {
    const provider = clusterProvider();
    const base = foundation(settings, provider);
    admission(settings, base, imageOf("admission"), provider);
    const accounts = identity(settings, base, { controllers: imageOf("controllers") }, provider);
    const graph = api(settings, base, accounts, imageOf("api"), provider);
    hub(settings, base, { identity: accounts, api: graph }, { ssh: imageOf("ssh") }, provider);
    storage({ ...settings, storage: { ...settings.storage, nfs } }, base, provider);
    starter(settings, base, provider);
    exposure(settings, base, settings.parts, provider);
  });

describe("names of resources", () => {
  let recording: Recording<void>;
  before(async () => {
    recording = await recordAll();
  });

  it("begin with the name of the component that they are in", () => {
    const children = recording.resources.filter(({ parent }) => parent !== "");
    assert.ok(children.length > 100, `only ${children.length} resources have a parent`);
    const found = children
      .filter(({ name, parent }) => !name.startsWith(`${parent}-`))
      .map(({ type, name, parent }) => `${type} "${name}" in "${parent}"`);
    assert.equal(found.length, 0, found.join("\n"));
  });

  it("are unique, so that a URN can be read without its types", () => {
    const names = recording.resources.map(({ name }) => name).sort();
    assert.deepEqual(
      names.filter((name, i) => name === names[i - 1]),
      [],
    );
  });

  it("are under components of ours, whose types name their folder; only the provider stands alone", () => {
    const { resources, urns } = recording;
    const top = resources.filter(({ parent }) => parent === "").map(({ type }) => type);
    const areaOf = (type: string): string => /^carrel:([a-z]+):[A-Z][A-Za-z]+$/.exec(type)?.[1] ?? type;
    assert.deepEqual(
      top.filter((type) => !areas.has(areaOf(type))),
      ["pulumi:providers:kubernetes"],
    );
    // Nobody declares from a folder that has no part in it.
    assert.deepEqual(new Set(top.map(areaOf).filter((area) => areas.has(area))), areas);
    // What is only read has a URN too.
    const declared = new Set(resources.map(({ name }) => name));
    assert.equal(urns.filter((urn) => declared.has(urn.split("::")[3] ?? "")).length, resources.length);
  });
});
