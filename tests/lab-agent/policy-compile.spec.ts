import assert from "node:assert/strict";
import { sidesOf } from "../../lab/agent/policy-compile.ts";
import { compiled, db, namespaces, pod, policy, web } from "./cluster.ts";

const onDb = { podSelector: { matchLabels: { tier: "db" } } };
const dbIngress = (ingress: Parameters<typeof policy>[1]["ingress"]) =>
  compiled([policy("app/p", { ...onDb, policyTypes: ["Ingress"], ...(ingress ? { ingress } : {}) })]);
const dbEgress = (egress: Parameters<typeof policy>[1]["egress"]) =>
  compiled([policy("app/p", { ...onDb, policyTypes: ["Egress"], ...(egress ? { egress } : {}) })]);
const address = "10.200.0.3";

describe("sidesOf", () => {
  it("defaults to ingress, and to egress where there are such rules", () => {
    assert.deepEqual(sidesOf(policy("app/p", {})), ["ingress"]);
    assert.deepEqual(sidesOf(policy("app/p", { egress: [] })), ["ingress"]);
    assert.deepEqual(sidesOf(policy("app/p", { egress: [{}] })), ["ingress", "egress"]);
    assert.deepEqual(sidesOf(policy("app/p", { policyTypes: ["Egress"], ingress: [{}] })), ["egress"]);
    assert.deepEqual(sidesOf(policy("app/p", { policyTypes: ["Egress", "Ingress"] })), ["ingress", "egress"]);
  });
});

describe("compilePolicies: who is isolated", () => {
  it("isolates nobody without policies", () => assert.deepEqual(compiled([]), []));

  it("isolates every pod of the policy's namespace for an empty selector, and denies without rules", () => {
    assert.deepEqual(compiled([policy("app/p", { podSelector: {}, policyTypes: ["Ingress", "Egress"] })]), [
      { address: "10.200.0.3", ingress: [], egress: [] },
      { address: "10.200.0.2", ingress: [], egress: [] },
    ]);
  });

  it("isolates one direction alone", () => {
    assert.deepEqual(dbIngress([]), [{ address, ingress: [] }]);
    assert.deepEqual(dbEgress([]), [{ address, egress: [] }]);
  });

  it("adds up the policies that select a pod, each for its own directions", () => {
    const answer = compiled([
      policy("app/b", { ...onDb, ingress: [{ ports: [{ port: 2 }] }] }),
      policy("app/a", { ...onDb, ingress: [{ ports: [{ port: 1 }] }] }),
      policy("app/c", { ...onDb, policyTypes: ["Egress"], ingress: [{}] }),
    ]);
    const tcp = (first: number) => ({ port: { protocol: "TCP", first } });
    assert.deepEqual(answer, [{ address, ingress: [tcp(1), tcp(2)], egress: [] }]);
  });

  it("ignores pods without an address, at both ends", () => {
    const ended = { metadata: { ...web.metadata }, namedPorts: [] };
    const rule = policy("app/p", { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] });
    assert.deepEqual(compiled([rule], { pods: [ended, db] }), [{ address, ingress: [{ addresses: [address] }] }]);
  });

  it("gives an address that two pods show to the newer one", () => {
    const old = pod("app/old", address, { tier: "db" });
    old.metadata.creationTimestamp = "2026-01-01T00:00:00Z";
    const young = pod("app/young", address, { tier: "web" });
    young.metadata.creationTimestamp = "2026-01-02T00:00:00Z";
    assert.deepEqual(compiled([policy("app/p", onDb)], { pods: [young, old] }), []);
  });
});

describe("compilePolicies: peers", () => {
  it("lets everyone pass for a rule without peers, absent or empty", () => {
    assert.deepEqual(dbIngress([{}]), [{ address, ingress: [{}] }]);
    assert.deepEqual(dbIngress([{ from: [] }]), [{ address, ingress: [{}] }]);
    assert.deepEqual(dbEgress([{ to: [], ports: [] }]), [{ address, egress: [{}] }]);
  });

  it("finds pods of the own namespace by a pod selector", () => {
    const from = [{ podSelector: { matchLabels: { tier: "web" } } }];
    assert.deepEqual(dbIngress([{ from }]), [{ address, ingress: [{ addresses: ["10.200.0.2"] }] }]);
  });

  it("finds all pods of namespaces by a namespace selector", () => {
    const to = [{ namespaceSelector: { matchLabels: { team: "two" } } }];
    assert.deepEqual(dbEgress([{ to }]), [{ address, egress: [{ addresses: ["10.200.0.4", "10.200.0.5"] }] }]);
  });

  it("narrows a namespace selector by a pod selector in the same peer", () => {
    const namespaceSelector = { matchLabels: { team: "two" } };
    const podSelector = { matchExpressions: [{ key: "tier", operator: "In" as const, values: ["dns"] }] };
    assert.deepEqual(dbIngress([{ from: [{ namespaceSelector, podSelector }] }]), [
      { address, ingress: [{ addresses: ["10.200.0.5"] }] },
    ]);
  });

  it("adds up separate peers and blocks", () => {
    const block = { cidr: "192.0.2.0/24", except: ["192.0.2.8/29"] };
    const from = [
      { podSelector: { matchLabels: { tier: "web" } } },
      { ipBlock: block },
      { namespaceSelector: { matchLabels: { team: "two" } } },
    ];
    const addresses = ["10.200.0.2", "10.200.0.4", "10.200.0.5"];
    assert.deepEqual(dbIngress([{ from }]), [{ address, ingress: [{ addresses }, { block }] }]);
  });

  it("lets nobody pass for peers that name nobody", () => {
    const nobody = [
      { podSelector: { matchLabels: { tier: "none" } } },
      { namespaceSelector: { matchLabels: { team: "none" } } },
      { ipBlock: { cidr: "2001:db8::/32" } },
      {},
    ];
    assert.deepEqual(dbIngress([{ from: nobody }]), [{ address, ingress: [] }]);
  });

  it("does not know the namespace of a pod before it has seen it", () => {
    const ingress = [{ from: [{ namespaceSelector: {} }] }];
    assert.deepEqual(compiled([policy("app/p", { ...onDb, ingress })], { namespaces: namespaces.slice(0, 1) }), [
      { address, ingress: [{ addresses: ["10.200.0.2", "10.200.0.3"] }] },
    ]);
  });
});

describe("compilePolicies: ports", () => {
  const ingress = (...ports: NonNullable<Parameters<typeof dbIngress>[0]>[number]["ports"] & {}) =>
    dbIngress([{ ports }])[0]?.ingress;
  const egress = (rule: NonNullable<Parameters<typeof dbEgress>[0]>[number]) => dbEgress([rule])[0]?.egress;

  it("knows numbers, ranges, whole protocols and TCP as the default", () => {
    assert.deepEqual(
      ingress(
        { port: 80 },
        { protocol: "UDP", port: 53 },
        { protocol: "SCTP", port: 1000, endPort: 2000 },
        { port: 7, endPort: 7 },
        { protocol: "UDP" },
        {},
      ),
      [
        { port: { protocol: "TCP", first: 80 } },
        { port: { protocol: "UDP", first: 53 } },
        { port: { protocol: "SCTP", first: 1000, last: 2000 } },
        { port: { protocol: "TCP", first: 7 } },
        { port: { protocol: "UDP" } },
        { port: { protocol: "TCP" } },
      ],
    );
  });

  it("resolves a name on the way in by the selected pod", () => {
    assert.deepEqual(ingress({ port: "sql" }), [{ port: { protocol: "TCP", first: 5432 } }]);
    assert.deepEqual(ingress({ port: "none" }, { port: "sql", protocol: "UDP" }), []);
  });

  it("resolves a name on the way out by each destination", () => {
    assert.deepEqual(egress({ ports: [{ port: "http" }] }), [
      { addresses: ["10.200.0.2", "10.200.0.5"], port: { protocol: "TCP", first: 8080 } },
      { addresses: ["10.200.0.3"], port: { protocol: "TCP", first: 9090 } },
    ]);
    const ops = { namespaceSelector: { matchLabels: { team: "two" } } };
    assert.deepEqual(egress({ to: [ops], ports: [{ port: "dns", protocol: "UDP" }, { port: "sql" }] }), [
      { addresses: ["10.200.0.5"], port: { protocol: "UDP", first: 5353 } },
    ]);
  });

  it("resolves a name within a block by the pods that have it", () => {
    const block = { cidr: "10.200.0.0/30" };
    assert.deepEqual(egress({ to: [{ ipBlock: block }], ports: [{ port: "sql" }] }), [
      { addresses: ["10.200.0.3"], block, port: { protocol: "TCP", first: 5432 } },
    ]);
  });

  it("combines every end with every port", () => {
    const block = { cidr: "192.0.2.0/24" };
    const to = [{ ipBlock: block }, { podSelector: { matchLabels: { tier: "web" } } }];
    const port = (first: number) => ({ port: { protocol: "TCP", first } });
    assert.deepEqual(egress({ to, ports: [{ port: 1 }, { port: 2 }] }), [
      { addresses: ["10.200.0.2"], ...port(1) },
      { addresses: ["10.200.0.2"], ...port(2) },
      { block, ...port(1) },
      { block, ...port(2) },
    ]);
  });
});
