import assert from "node:assert/strict";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import { readSettings } from "../../../services/admission/settings.ts";
import { meshProxies } from "../../../services/lib/pod-defaults/types.ts";
import { UserError } from "../../../services/lib/user-error.ts";

describe("readSettings", () => {
  it("needs the namespace and has a default for the rest", () => {
    assert.deepEqual(readSettings({ NAMESPACE: "carrel-system" }), {
      port: 8443,
      metricsPort: 9090,
      tlsDir: "/etc/carrel/tls",
      clientCaFile: undefined,
      clientNames: new Set(),
      maxCalls: 512,
      namespace: "carrel-system",
      bypass: new Set(),
      accelerators: standardAccelerators,
      imageMirror: { rules: [], exempt: [], onMissing: "keep" },
      untouchedContainers: meshProxies,
      logLevel: "info",
    });
  });

  it("takes every value from the environment", () => {
    const env = {
      NAMESPACE: "ns",
      PORT: "0",
      METRICS_PORT: "65535",
      TLS_DIR: "/tls",
      CLIENT_CA_FILE: "/clients/ca.crt",
      CLIENT_NAMES: "kube-apiserver,second,",
      MAX_CALLS: "64",
      LOG_LEVEL: "debug",
      IMAGE_MIRROR: "",
      POD_DEFAULTS_UNTOUCHED: "proxy,",
      ACCELERATORS: "example.com/npu=2,nvidia.com/mig-1g.*=143m,",
      BYPASS_SERVICE_ACCOUNTS: "kube-system:daemon-set-controller,a:b.c,",
    };
    const { accelerators, ...settings } = readSettings(env);
    assert.deepEqual(settings, {
      port: 0,
      metricsPort: 65_535,
      tlsDir: "/tls",
      clientCaFile: "/clients/ca.crt",
      clientNames: new Set(["kube-apiserver", "second"]),
      maxCalls: 64,
      namespace: "ns",
      bypass: new Set(["system:serviceaccount:kube-system:daemon-set-controller", "system:serviceaccount:a:b.c"]),
      imageMirror: { rules: [], exempt: [], onMissing: "keep" },
      untouchedContainers: new Set(["proxy"]),
      logLevel: "debug",
    });
    const names = ["example.com/npu", "nvidia.com/mig-1g.5gb", "nvidia.com/gpu", "amd.com/other"];
    assert.deepEqual(
      names.map((name) => accelerators.weightMilli(name)),
      [2000n, 143n, 1000n, undefined],
    );
  });

  it("names every problem at once", () => {
    const env = {
      PORT: "x",
      METRICS_PORT: "65536",
      LOG_LEVEL: "loud",
      CLIENT_NAMES: "kube-apiserver",
      CLIENT_CA_FILE: "",
      MAX_CALLS: "0",
      BYPASS_SERVICE_ACCOUNTS: "daemon,a:b, c:d",
      ACCELERATORS: "example.com/npu",
    };
    const problems = [
      "NAMESPACE is not set: give the namespace of the quota ledgers",
      'LOG_LEVEL must be one of debug, info, warn, error, got "loud"',
      'BYPASS_SERVICE_ACCOUNTS must be namespace:name, got "daemon"',
      'BYPASS_SERVICE_ACCOUNTS must be namespace:name, got " c:d"',
      "CLIENT_NAMES is set without CLIENT_CA_FILE: give the authority that signs their certificates",
      'PORT must be a port number, got "x"',
      'METRICS_PORT must be a port number, got "65536"',
      'MAX_CALLS must be a whole number from 1 to 99999, got "0"',
      "ACCELERATORS must be resource=weight: weight of example.com/npu: " +
        '"" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3',
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

  const noNumber = "is not a quantity: write for example 500m, 2, 1.5Gi or 2e3";
  const unreadable: Readonly<Record<string, string>> = {
    "a/b=1=2": `weight of a/b: "1=2" ${noNumber}`,
    "a/b=1,c/d=many": `weight of c/d: "many" ${noNumber}`,
    "gpu=1": '"gpu" is no extended resource: write vendor.example/name, or vendor.example/prefix-*',
    " a/b=1": '" a/b" is no extended resource: write vendor.example/name, or vendor.example/prefix-*',
  };
  for (const [text, reason] of Object.entries(unreadable)) {
    it(`does not read ${JSON.stringify(text)} as accelerators`, () => {
      assert.throws(() => readSettings({ NAMESPACE: "ns", ACCELERATORS: text }), {
        message: `ACCELERATORS must be resource=weight: ${reason}`,
      });
    });
  }
});
