import assert from "node:assert/strict";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import { readSettings } from "../../../services/api/settings.ts";
import { UserError } from "../../../services/lib/user-error.ts";

const needed = {
  ISSUER: "https://id.library.test:8443/realms/my%20realm",
  KEYCLOAK_URL: "http://keycloak.identity.svc:8080/",
  WORK_NAMESPACE: "work",
};

describe("readSettings", () => {
  it("needs the realm, Keycloak and the namespace, and has a default for the rest", () => {
    assert.deepEqual(readSettings(needed), {
      port: 8080,
      internalPort: 8081,
      metricsPort: 9090,
      issuer: "https://id.library.test:8443/realms/my%20realm",
      audiences: ["carrel-api"],
      keycloakUrl: "http://keycloak.identity.svc:8080",
      realm: "my realm",
      clientId: "carrel-api",
      clientSecretFile: "/etc/carrel/api/client-secret",
      serverSecretFile: "/etc/carrel/api/server-secret",
      consoleOrigin: undefined,
      publicUrl: undefined,
      welcomeDir: "/etc/carrel/welcome",
      workNamespace: "work",
      accelerators: standardAccelerators,
      culling: { idleSeconds: null, maxAgeSeconds: null },
      maxCalls: 256,
      logLevel: "info",
    });
  });

  it("names every problem at once", () => {
    const env = {
      ISSUER: "id.library.test",
      PORT: "70000",
      ACCELERATORS: "example.com/npu",
      CONSOLE_ORIGIN: "https://console.library.test/",
      PUBLIC_URL: "https://library.test/hub",
      CULLING_IDLE_SECONDS: "1h",
      LOG_LEVEL: "loud",
    };
    assert.throws(
      () => readSettings(env),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.problems, [
          'ISSUER must be an http or https URL without query, got "id.library.test"',
          'PORT must be a whole number up to 65535, got "70000"',
          "KEYCLOAK_URL is not set: give where Keycloak is reached from here",
          'CONSOLE_ORIGIN must be an origin such as https://console.example, got "https://console.library.test/"',
          'PUBLIC_URL must be an origin such as https://carrel.example, got "https://library.test/hub"',
          "WORK_NAMESPACE is not set: give the namespace of users' pods and volumes",
          'ACCELERATORS must be resource=weight: weight of example.com/npu: "" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3',
          'CULLING_IDLE_SECONDS must be a whole number up to 999999999, got "1h"',
          'LOG_LEVEL must be one of debug, info, warn, error, got "loud"',
        ]);
        return true;
      },
    );
  });
});
