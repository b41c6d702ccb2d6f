import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { AddressPool } from "../../lab/agent/address-pool.ts";
import { Enforcer } from "../../lab/agent/enforcer.ts";
import { LoadBalancer } from "../../lab/agent/load-balancer.ts";
import { rulesetText } from "../../lab/agent/nft-text.ts";
import { podRef, policyRef } from "../../lab/agent/policy-types.ts";
import { KubeError } from "../../services/lib/kube/errors.ts";
import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import { eventually } from "../support/eventually.ts";
import { FakeApi, silent } from "./api.ts";
import { namespaces, policy } from "./cluster.ts";

const apiPod = (name: string, ip: string): KubeObject =>
  ({
    metadata: { name, namespace: "app", uid: name, resourceVersion: "1" },
    spec: { containers: [] },
    status: { phase: "Running", podIP: ip },
  }) as KubeObject;

const TEST_MS = 120_000;

describe("Enforcer", function () {
  this.timeout(TEST_MS);
  let stop: AbortController;
  beforeEach(() => {
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  it("loads what the cluster says, again when that changes, not when it does not", async () => {
    const api = new FakeApi({ pods: [apiPod("a", "10.200.0.2")], namespaces, networkpolicies: [] });
    const loaded: string[] = [];
    const load = async (text: string): Promise<void> => void loaded.push(text);
    const done = new Enforcer({ client: api, nodeAddresses: [], load, log: silent }).run(stop.signal);
    const length = (wanted: number) =>
      eventually(`${wanted} loads`, async () => (loaded.length === wanted ? true : undefined));

    await length(1);
    api.tell(policyRef, "ADDED", policy("app/p", { podSelector: {} }));
    await length(2);
    api.tell(podRef, "MODIFIED", apiPod("a", "10.200.0.2"));
    await pause(120);
    stop.abort();
    await done;
    assert.deepEqual(loaded, [rulesetText([], []), rulesetText([{ address: "10.200.0.2", ingress: [] }], [])]);
  });

  it("tries again when the rules were refused", async () => {
    const api = new FakeApi({ pods: [], namespaces, networkpolicies: [] });
    let tries = 0;
    const load = async (): Promise<void> => {
      if (++tries === 1) throw new Error("nft ended with 1");
    };
    const done = new Enforcer({ client: api, nodeAddresses: [], load, log: silent }).run(stop.signal);
    await eventually("a second try", async () => (tries === 2 ? true : undefined));
    stop.abort();
    await done;
  });
});

describe("LoadBalancer", function () {
  this.timeout(TEST_MS);
  let stop: AbortController;
  beforeEach(() => {
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  const services: ResourceRef = { apiVersion: "v1", kind: "Service", plural: "services", namespaced: true };
  const service = (name: string, type: string): KubeObject =>
    ({ metadata: { name, namespace: "app", uid: name, resourceVersion: "1" }, spec: { type } }) as KubeObject;
  const patched = (name: string, ip: string) => ({
    name,
    body: { metadata: { uid: name }, status: { loadBalancer: { ingress: [{ ip }] } } },
    options: { type: "merge", subresource: "status" },
  });

  it("writes the addresses of listed and new Services, whatever became of others", async () => {
    const api = new FakeApi({ services: [service("a", "LoadBalancer"), service("b", "ClusterIP")] });
    api.refusal = new KubeError(409, undefined, "PATCH");
    const pool = new AddressPool("10.189.0.128/25");
    const done = new LoadBalancer({ client: api, pool, log: silent }).run(stop.signal);
    await eventually("a plan", async () => (api.refusal === undefined ? true : undefined));
    api.tell(services, "ADDED", service("0", "LoadBalancer"));
    await eventually("two patches", async () => (api.patches.length >= 2 ? true : undefined));
    stop.abort();
    await done;
    // The new one sorts first, but the address that was decided before stays with its Service.
    assert.deepEqual(api.patches.slice(0, 2), [patched("0", "10.189.0.130"), patched("a", "10.189.0.129")]);
  });
});
