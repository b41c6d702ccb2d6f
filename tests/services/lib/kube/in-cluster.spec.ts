import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { kubeConfigInCluster } from "../../../../services/lib/kube/in-cluster.ts";

describe("kubeConfigInCluster", () => {
  const mount = mkdtempSync(join(tmpdir(), "carrel-sa-"));
  const put = (file: string, text: string): void => writeFileSync(join(mount, file), text);
  before(() => {
    put("ca.crt", "CA\n");
    put("namespace", "carrel-system\n");
  });
  beforeEach(() => put("token", "first\n"));
  afterEach(() => mock.restoreAll());
  after(() => rmSync(mount, { recursive: true }));

  const env = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "6443" };
  const tokenOf = (token: string | (() => string) | undefined): string | undefined =>
    typeof token === "function" ? token() : token;

  it("answers the cluster and the service account of the pod", () => {
    const { token, ...config } = kubeConfigInCluster(env, mount);
    assert.deepEqual(config, { server: "https://10.96.0.1:6443", ca: "CA\n", namespace: "carrel-system" });
    assert.equal(tokenOf(token), "first");
  });

  it("puts an IPv6 address in brackets, and takes 443 where no port is given", () => {
    assert.equal(kubeConfigInCluster({ KUBERNETES_SERVICE_HOST: "fd00::1" }, mount).server, "https://[fd00::1]:443");
  });

  it("reads the token again, but at most once a minute", () => {
    let now = 1_000;
    mock.method(performance, "now", () => now);
    const { token } = kubeConfigInCluster(env, mount);
    assert.equal(tokenOf(token), "first");
    put("token", "second");
    now += 60_000;
    assert.equal(tokenOf(token), "first");
    now += 1;
    assert.equal(tokenOf(token), "second");
    put("token", "third");
    now += 60_000;
    assert.equal(tokenOf(token), "second");
  });

  it("says what to do outside a pod", () => {
    const error = {
      name: "UserError",
      code: "not-in-cluster",
      message: "KUBERNETES_SERVICE_HOST is not set: run this in a pod, or give a kubeconfig by KUBECONFIG",
    };
    assert.throws(() => kubeConfigInCluster({}, mount), error);
    assert.throws(() => kubeConfigInCluster({ KUBERNETES_SERVICE_HOST: "" }, mount), error);
  });
});
