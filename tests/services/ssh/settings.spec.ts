import assert from "node:assert/strict";
import { UserError } from "../../../services/lib/user-error.ts";
import { readSettings } from "../../../services/ssh/settings.ts";

const HUB_URL = "http://proxy-public:8000";

describe("readSettings", () => {
  it("needs the hub and has a default for the rest", () => {
    assert.deepEqual(readSettings({ HUB_URL }), {
      hubUrl: new URL(HUB_URL),
      port: 2222,
      metricsPort: 9090,
      hostKeyFile: "/etc/carrel/ssh/host-key",
      banner: "",
      tokenUrl: "",
      proxies: { cidrs: [], sendHeader: false },
      keys: undefined,
      graceSeconds: 60,
      idleSeconds: 43_200,
      recheckSeconds: 30,
      startSeconds: 300,
      drainSeconds: 600,
      maxConnections: 500,
      maxConnectionsPerUser: 20,
      logLevel: "info",
    });
  });

  it("takes every value from the environment", () => {
    const env = {
      HUB_URL: "https://hub.test/base",
      PORT: "0",
      METRICS_PORT: "65535",
      HOST_KEY_FILE: "/key",
      BANNER: "Hello.",
      TOKEN_URL: "https://hub.test/hub/token",
      PROXIES: "192.0.2.0/24,fd00::/64",
      PROXY_PROTOCOL: "true",
      KEYS_URL: "http://keys.test/",
      KEYS_SECRET_FILE: "/secret",
      GRACE_SECONDS: "1",
      IDLE_SECONDS: "0",
      RECHECK_SECONDS: "5",
      START_SECONDS: "2",
      DRAIN_SECONDS: "0",
      MAX_CONNECTIONS: "7",
      MAX_CONNECTIONS_PER_USER: "3",
      LOG_LEVEL: "debug",
    };
    assert.deepEqual(readSettings(env), {
      hubUrl: new URL("https://hub.test/base"),
      port: 0,
      metricsPort: 65_535,
      hostKeyFile: "/key",
      banner: "Hello.",
      tokenUrl: "https://hub.test/hub/token",
      proxies: { cidrs: ["192.0.2.0/24", "fd00::/64"], sendHeader: true },
      keys: { url: new URL("http://keys.test/"), secretFile: "/secret" },
      graceSeconds: 1,
      idleSeconds: 0,
      recheckSeconds: 5,
      startSeconds: 2,
      drainSeconds: 0,
      maxConnections: 7,
      maxConnectionsPerUser: 3,
      logLevel: "debug",
    });
  });

  it("reports every problem in one go", () => {
    const env = {
      HUB_URL: "hub:8000",
      PORT: "65536",
      RECHECK_SECONDS: "61",
      IDLE_SECONDS: "1h",
      PROXY_PROTOCOL: "yes",
      PROXIES: "10.0.0.1",
      KEYS_URL: "keys",
      LOG_LEVEL: "loud",
    };
    assert.throws(
      () => readSettings(env),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.problems, [
          'LOG_LEVEL must be one of debug, info, warn, error, got "loud"',
          'HUB_URL must be an http or https URL, got "hub:8000"',
          'PORT must be a whole number from 0 to 65535, got "65536"',
          'PROXIES must be CIDRs, got "10.0.0.1"',
          'PROXY_PROTOCOL must be true or false, got "yes"',
          'KEYS_URL must be an http or https URL, got "keys"',
          "KEYS_SECRET_FILE is not set: give the file of the secret that the key service knows",
          'IDLE_SECONDS must be a whole number from 0 to 604800, got "1h"',
          'RECHECK_SECONDS must be a whole number from 1 to 60, got "61"',
        ]);
        return true;
      },
    );
    assert.throws(() => readSettings({ HUB_URL, PROXY_PROTOCOL: "true" }), {
      message:
        "PROXY_PROTOCOL is true without PROXIES: give the addresses of the load balancers that may say who connects",
    });
  });
});
