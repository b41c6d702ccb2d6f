import assert from "node:assert/strict";
import { readSettings } from "../../../services/admission/settings.ts";
import { UserError } from "../../../services/lib/user-error.ts";

describe("readSettings", () => {
  it("needs the namespace and has a default for the rest", () => {
    assert.deepEqual(readSettings({ NAMESPACE: "carrel-system" }), {
      port: 8443,
      metricsPort: 9090,
      tlsDir: "/etc/carrel/tls",
      namespace: "carrel-system",
      bypass: new Set(),
      logLevel: "info",
    });
  });

  it("takes every value from the environment", () => {
    const env = {
      NAMESPACE: "ns",
      PORT: "0",
      METRICS_PORT: "65535",
      TLS_DIR: "/tls",
      LOG_LEVEL: "debug",
      BYPASS_SERVICE_ACCOUNTS: "kube-system:daemon-set-controller,a:b.c,",
    };
    assert.deepEqual(readSettings(env), {
      port: 0,
      metricsPort: 65_535,
      tlsDir: "/tls",
      namespace: "ns",
      bypass: new Set(["system:serviceaccount:kube-system:daemon-set-controller", "system:serviceaccount:a:b.c"]),
      logLevel: "debug",
    });
  });

  it("names every problem at once", () => {
    const env = { PORT: "x", METRICS_PORT: "65536", LOG_LEVEL: "loud", BYPASS_SERVICE_ACCOUNTS: "daemon,a:b, c:d" };
    const problems = [
      "NAMESPACE is not set: give the namespace of the quota ledgers",
      'LOG_LEVEL must be one of debug, info, warn, error, got "loud"',
      'BYPASS_SERVICE_ACCOUNTS must be namespace:name, got "daemon"',
      'BYPASS_SERVICE_ACCOUNTS must be namespace:name, got " c:d"',
      'PORT must be a port number, got "x"',
      'METRICS_PORT must be a port number, got "65536"',
    ];
    assert.throws(
      () => readSettings(env),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual([error.code, error.problems, error.message], ["settings", problems, problems.join("; ")]);
        return true;
      },
    );
  });

  for (const port of ["", " 80", "1.5", "-1", "0x50", "1e3"]) {
    it(`takes ${JSON.stringify(port)} for no port number`, () => {
      assert.throws(() => readSettings({ NAMESPACE: "ns", PORT: port }), {
        message: `PORT must be a port number, got "${port}"`,
      });
    });
  }
});
