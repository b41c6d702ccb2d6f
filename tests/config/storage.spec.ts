import assert from "node:assert/strict";
import { loadSettings } from "../../config/settings.ts";
import { findLab, lab, problemsOf, productionWith, rawOf, settingsOf } from "./configurations.ts";

const withStorage = (storage: object) => productionWith({ storage: { ...storage } });
const storageOf = (storage: object) => settingsOf(withStorage(storage)).storage;
const problems = (storage: object) => problemsOf(withStorage(storage));
const rest = { homeSize: "10Gi", accessMode: "ReadWriteMany" };
const kubeletDir = "/var/lib/kubelet";

describe("storage on NFS", () => {
  it("is a class of its own for whatever people share, and never for databases", () => {
    const onNfs = { databaseClass: "ssd", homeClass: "carrel-nfs", sharedClass: "carrel-nfs", ...rest };
    const className = "carrel-nfs";
    assert.deepEqual(storageOf({ class: "ssd", nfsServer: "files.example.org" }), {
      ...onNfs,
      nfs: { className, kubeletDir, server: "files.example.org", path: "/" },
    });
    assert.deepEqual(storageOf({ class: "ssd", nfsSize: "500Gi", nfsClients: ["192.0.2.0/28"] }), {
      ...onNfs,
      nfs: { className, kubeletDir, size: "500Gi", clients: ["192.0.2.0/28"] },
    });
  });

  it("leaves the classes that are named, and takes the export and the kubelet's folder", () => {
    const given = { homeClass: "ceph", nfsServer: "192.0.2.1", nfsPath: "/export/carrel", kubeletDir: "/kubelet" };
    const { homeClass, sharedClass, nfs } = storageOf(given);
    assert.deepEqual([homeClass, sharedClass], ["ceph", "carrel-nfs"]);
    assert.deepEqual(nfs, {
      className: "carrel-nfs",
      kubeletDir: "/kubelet",
      server: "192.0.2.1",
      path: "/export/carrel",
    });
  });

  it("knows the nodes of a lab", () => {
    const raw = rawOf({ host: "a.localhost", lab: "dev", storage: { nfsSize: "1Gi" } });
    const { nfs } = loadSettings(raw, findLab).storage;
    assert.deepEqual(nfs, { className: "carrel-nfs", kubeletDir, size: "1Gi", clients: lab.controlPlaneCidrs });
  });

  it("is of one server", () => {
    assert.deepEqual(problems({ nfsServer: "files.example.org", nfsSize: "1Gi", nfsClients: ["192.0.2.0/28"] }), [
      "carrel:storage.nfsSize: must not be set with carrel:storage.nfsServer; unset one: there is a server already, or one is installed",
    ]);
  });

  it("has no keys of a server that is not there", () => {
    assert.deepEqual(problems({ nfsPath: "/export", nfsClients: ["192.0.2.0/28"] }), [
      "carrel:storage.nfsPath: must not be set without carrel:storage.nfsServer; set carrel:storage.nfsServer too, or unset the key",
      "carrel:storage.nfsClients: must not be set without carrel:storage.nfsSize; set carrel:storage.nfsSize too, or unset the key",
    ]);
  });

  it("has to know who the nodes are", () => {
    assert.deepEqual(problems({ nfsSize: "1Gi" }), [
      "carrel:storage.nfsSize: must not be set without carrel:storage.nfsClients; set carrel:storage.nfsClients to the ranges of the nodes, or name a server by carrel:storage.nfsServer",
    ]);
  });

  it("is refused for databases", () => {
    assert.deepEqual(problems({ class: "carrel-nfs", nfsServer: "files.example.org" }), [
      'carrel:storage.class: must not be the class of NFS, on which databases are lost, got "carrel-nfs"; name a class of block storage, or unset the key',
    ]);
  });
});
