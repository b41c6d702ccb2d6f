import assert from "node:assert/strict";
import { namedClasses, verdictOf } from "../../config/home-class.ts";
import { productionWith, settingsOf } from "./configurations.ts";

const named = (storage: object) => namedClasses(settingsOf(productionWith({ storage: { ...storage } })).storage);

describe("namedClasses", () => {
  it("are those of homes and of shared volumes, each once", () => {
    const home = { key: "carrel:storage.homeClass", name: "a" };
    assert.deepEqual(named({ class: "ssd", homeClass: "a", sharedClass: "b" }), [
      home,
      { key: "carrel:storage.sharedClass", name: "b" },
    ]);
    assert.deepEqual(named({ homeClass: "a" }), [home]);
  });

  it("are neither the cluster's default, which has no name, nor the one that is made here", () => {
    assert.deepEqual(named({}), []);
    assert.deepEqual(named({ nfsServer: "files.example.org", class: "ssd" }), []);
  });
});

describe("verdictOf", () => {
  const home = { key: "carrel:storage.homeClass", name: "fast" };
  const what =
    'carrel:storage.homeClass: StorageClass "fast" is of rancher.io/local-path, which keeps a volume on one node';

  it("stops homes of several nodes on a class of one", () => {
    assert.deepEqual(verdictOf(home, "rancher.io/local-path", "ReadWriteMany"), {
      problem: `${what}, and carrel:storage.accessMode is ReadWriteMany: name a class of network storage, set carrel:storage.nfsServer or carrel:storage.nfsSize, or on a cluster of one node set carrel:storage.accessMode to ReadWriteOnce`,
    });
  });

  it("warns where the site has chosen it", () => {
    assert.deepEqual(verdictOf(home, "rancher.io/local-path", "ReadWriteOnce"), {
      warning: `${what}: a server starts on the node of its home, and nowhere while that is down or full`,
    });
  });

  it("has nothing to say of network storage", () => {
    assert.deepEqual(verdictOf(home, "nfs.csi.k8s.io", "ReadWriteMany"), {});
  });
});
