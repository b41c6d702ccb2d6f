import assert from "node:assert/strict";
import { partNames } from "../../config/part-checks.ts";
import { loadSettings } from "../../config/settings.ts";
import { lab, problemsOf, productionWith, rawOf, settingsOf } from "./configurations.ts";

const withParts = (...names: string[]) => productionWith({ platform: { parts: names } });

describe("parts", () => {
  it("are all there unless some are named", () => {
    const { parts } = settingsOf(productionWith({}));
    assert.deepEqual(Object.keys(parts), [...partNames]);
    assert.ok(Object.values(parts).every(Boolean));
    const none = { identity: false, api: false, hub: false, ssh: false, exposure: false };
    assert.deepEqual(settingsOf(withParts()).parts, none);
    assert.deepEqual(settingsOf(withParts("exposure", "identity")).parts, { ...none, identity: true, exposure: true });
  });

  it("are refused without what each needs, all at once", () => {
    assert.deepEqual(problemsOf(withParts("ssh", "api")), [
      'carrel:platform.parts[1]: must not be there without identity, got "api"; add identity, or leave api out',
      'carrel:platform.parts[0]: must not be there without hub, got "ssh"; add hub, or leave ssh out',
    ]);
  });
});

describe("identity", () => {
  const identityOf = (identity: object) => settingsOf(productionWith({ identity: { ...identity } })).identity;

  it("brings its own database of a size, or takes the site's", () => {
    assert.deepEqual(identityOf({ databaseSize: "20Gi" }).database, { size: "20Gi" });
    assert.deepEqual(identityOf({ databaseHost: "postgres.example.org", databasePassword: "hush" }).database, {
      host: "postgres.example.org",
      port: 5432,
      name: "keycloak",
      user: "keycloak",
      password: "hush",
    });
    const given = { databasePort: 5433, databaseName: "sso", databaseUser: "kc" };
    assert.deepEqual(identityOf({ databaseHost: "p.example.org", databasePassword: "hush", ...given }).database, {
      host: "p.example.org",
      port: 5433,
      name: "sso",
      user: "kc",
      password: "hush",
    });
  });

  it("knows an image that was built for it: the site's, or the lab's", () => {
    const site = identityOf({ optimizedImage: "registry.example.org/keycloak:1" });
    assert.deepEqual([site.image, site.isOptimized], ["registry.example.org/keycloak:1", true]);
    const standIns = { keycloak: "172.30.0.1:5000/stand-ins/keycloak@sha256:0123" };
    const inLab = loadSettings(rawOf({ host: "a.localhost", lab: "dev" }), () => ({ ...lab, standIns }));
    assert.deepEqual([inLab.identity.image, inLab.identity.isOptimized], [undefined, true]);
    assert.deepEqual(inLab.standIns, standIns);
    assert.equal(Object.isFrozen(standIns), false);
  });
});

describe("storage", () => {
  it("takes one class for everything, or one for each use", () => {
    const storageOf = (storage: object) => settingsOf(productionWith({ storage: { ...storage } })).storage;
    const rest = { homeSize: "10Gi", accessMode: "ReadWriteMany" };
    assert.deepEqual(storageOf({ class: "ssd" }), {
      databaseClass: "ssd",
      homeClass: "ssd",
      sharedClass: "ssd",
      ...rest,
    });
    assert.deepEqual(storageOf({ class: "ssd", homeClass: "nfs", sharedClass: "ceph" }), {
      databaseClass: "ssd",
      homeClass: "nfs",
      sharedClass: "ceph",
      ...rest,
    });
  });
});
