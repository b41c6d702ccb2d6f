import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secretClients } from "../../../services/controllers/realm/standard.ts";
import { readClientSecrets, readDeclared, readSecret, readSettings } from "../../../services/controllers/settings.ts";

const needed = {
  NAMESPACE: "carrel-system",
  WORK_NAMESPACE: "carrel-work",
  HOST: "h.example",
  KEYCLOAK_URL: "http://kc:8080",
};

describe("settings of the controllers", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "carrel-settings-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("need the namespaces, the host and Keycloak, and have a default for the rest", () => {
    assert.deepEqual(readSettings(needed), {
      metricsPort: 9090,
      namespace: "carrel-system",
      workNamespace: "carrel-work",
      keycloakUrl: "http://kc:8080",
      realm: "carrel",
      host: "h.example",
      publicPort: 443,
      clientSecretsDir: "/etc/carrel/clients",
      bootstrapDir: "/etc/carrel/bootstrap",
      realmFile: undefined,
      realmSecretsDir: "/etc/carrel/realm-secrets",
      claims: { storageClass: undefined, accessMode: "ReadWriteMany" },
      puller: undefined,
      imageMirror: { rules: [], exempt: [], onMissing: "keep" },
      logLevel: "info",
    });
  });

  it("have a class and an access mode for claims, where the site needs them", () => {
    const env = { ...needed, STORAGE_CLASS: "fast", ACCESS_MODE: "ReadWriteOnce" };
    assert.deepEqual(readSettings(env).claims, { storageClass: "fast", accessMode: "ReadWriteOnce" });
    assert.equal(readSettings({ ...needed, STORAGE_CLASS: "" }).claims.storageClass, undefined);
  });

  it("have what pulls images to every node, where the site wants it", () => {
    const mirror = { rules: [{ from: "docker.io", to: "mirror.test/hub" }], exempt: [], onMissing: "refuse" };
    const names = { PULLER_NAMESPACE: "carrel-hub", PULLER_PAUSE_IMAGE: "pause:3", PULLER_PRIORITY_CLASS: "low" };
    const { puller, imageMirror } = readSettings({ ...needed, ...names, IMAGE_MIRROR: JSON.stringify(mirror) });
    assert.deepEqual(puller, { namespace: "carrel-hub", pauseImage: "pause:3", priorityClass: "low" });
    assert.deepEqual(imageMirror, mirror);
    assert.throws(() => readSettings({ ...needed, PULLER_NAMESPACE: "carrel-hub", IMAGE_MIRROR: "[]" }), {
      problems: [
        "PULLER_PAUSE_IMAGE is not set: give what pods run that have pulled",
        "PULLER_PRIORITY_CLASS is not set: give the PriorityClass of pods that pull",
        "IMAGE_MIRROR must be an object, got []: write rules: below it",
      ],
    });
  });

  it("tell every problem at once", () => {
    assert.throws(() => readSettings({ LOG_LEVEL: "loud", PUBLIC_PORT: "x", KEYCLOAK_URL: "kc", ACCESS_MODE: "RWX" }), {
      problems: [
        'LOG_LEVEL must be one of debug, info, warn, error, got "loud"',
        'KEYCLOAK_URL must be a URL, got "kc"',
        "NAMESPACE is not set: give the namespace of this pod",
        "WORK_NAMESPACE is not set: give the namespace of members' volumes",
        "HOST is not set: give the platform's host name",
        'PUBLIC_PORT must be a port number, got "x"',
        'ACCESS_MODE must be one of ReadWriteMany, ReadWriteOnce, got "RWX"',
      ],
    });
  });

  it("read secrets from files, and name those that are missing", () => {
    writeFileSync(join(folder, "hub"), "s3cret\n");
    assert.deepEqual([readSecret(folder, "hub"), readSecret(folder, "none")], ["s3cret", undefined]);
    assert.throws(() => readClientSecrets({ ...readSettings(needed), clientSecretsDir: folder }), {
      message: `${folder} has no grafana, dashboard, carrel-api, carrel-controllers: add them to the Secret realm-clients`,
    });
  });

  it("make the declaration from the environment, the secrets and the site's file", () => {
    for (const name of secretClients) writeFileSync(join(folder, name), `secret-of-${name}`);
    writeFileSync(join(folder, "smtp"), "smtp-password");
    const realmFile = join(folder, "realm.json");
    writeFileSync(
      realmFile,
      JSON.stringify({ settings: { smtpServer: { host: "mail", password: { secret: "smtp" } } } }),
    );
    const env = { ...needed, CLIENT_SECRETS_DIR: folder, REALM_SECRETS_DIR: folder, REALM_FILE: realmFile };
    const { declaration, secrets } = readDeclared(readSettings(env));
    assert.deepEqual(declaration.settings["smtpServer"], { host: "mail", password: "smtp-password" });
    assert.deepEqual([...secrets], [...secretClients.map((name) => `secret-of-${name}`), "smtp-password"]);
    assert.equal(readDeclared(readSettings({ ...env, REALM_FILE: "" })).secrets.size, secretClients.length);
  });
});
