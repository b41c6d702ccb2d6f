import assert from "node:assert/strict";
import fc from "fast-check";
import { AddressPool } from "../../lab/agent/address-pool.ts";
import { statusPatch } from "../../lab/agent/load-balancer.ts";
import { type BalancedService, planAddresses } from "../../lab/agent/load-balancer-plan.ts";

interface Shape {
  readonly type?: string;
  readonly shown?: string;
  readonly wants?: string;
  readonly class?: string;
  readonly created?: number;
}

function service(name: string, shape: Shape = {}): BalancedService {
  return {
    metadata: { name, namespace: "app", uid: name, creationTimestamp: `2026-01-0${shape.created ?? 1}T00:00:00Z` },
    spec: {
      type: shape.type ?? "LoadBalancer",
      ...(shape.wants === undefined ? {} : { loadBalancerIP: shape.wants }),
      ...(shape.class === undefined ? {} : { loadBalancerClass: shape.class }),
    },
    status: { loadBalancer: shape.shown === undefined ? {} : { ingress: [{ ip: shape.shown }] } },
  };
}

const pool = new AddressPool("10.189.0.128/29");
const plan = (services: BalancedService[], before?: ReadonlyMap<string, string>) => {
  const { held, changes, unserved } = planAddresses(services, pool, before);
  return {
    held: Object.fromEntries(held),
    changes: changes.map((change) => [change.service.metadata.name, change.address ?? null]),
    unserved: unserved.map(({ metadata }) => metadata.name),
  };
};

describe("AddressPool", () => {
  const free = (cidr: string, ...taken: string[]) => new AddressPool(cidr).lowestFree(new Set(taken));

  it("skips the addresses of the network and of broadcast", () => {
    assert.equal(free("10.189.0.128/25"), "10.189.0.129");
    assert.equal(free("192.0.2.4/30", "192.0.2.5"), "192.0.2.6");
    assert.equal(free("192.0.2.4/30", "192.0.2.5", "192.0.2.6"), undefined);
    assert.deepEqual(
      ["10.189.0.128", "10.189.0.129", "10.189.0.254", "10.189.0.255", "10.189.1.1", "::1", ""].map((address) =>
        new AddressPool("10.189.0.128/25").has(address),
      ),
      [false, true, true, false, false, false, false],
    );
  });

  it("takes the network of an address within it, also across bytes and beyond 2^31", () => {
    assert.equal(free("10.1.255.77/15"), "10.0.0.1");
    assert.equal(free("223.255.255.0/24"), "223.255.255.1");
  });

  it("has each of its addresses, and only them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 24, max: 30 }), (base, bits) => {
        const text = [24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join(".");
        const candidate = new AddressPool(`${text}/${bits}`);
        const taken = new Set<string>();
        for (let next = candidate.lowestFree(taken); next !== undefined; next = candidate.lowestFree(taken)) {
          assert.ok(candidate.has(next));
          taken.add(next);
        }
        assert.equal(taken.size, 2 ** (32 - bits) - 2);
      }),
      { numRuns: 25 },
    );
  });

  for (const wrong of ["10.0.0.0", "10.0.0.0/31", "10.0.0.0/", "10.0.0/24", "fd00::/64", "10.0.0.0/2x"]) {
    it(`refuses ${wrong}`, () => assert.throws(() => new AddressPool(wrong), { name: "UserError" }));
  }
});

describe("planAddresses", () => {
  it("gives the lowest free address, the oldest Service first", () => {
    assert.deepEqual(plan([service("young", { created: 2 }), service("old")]), {
      held: { old: "10.189.0.129", young: "10.189.0.130" },
      changes: [
        ["old", "10.189.0.129"],
        ["young", "10.189.0.130"],
      ],
      unserved: [],
    });
  });

  it("keeps what a status shows, and fills the gap below", () => {
    assert.deepEqual(plan([service("a", { shown: "10.189.0.130" }), service("b"), service("c")]), {
      held: { a: "10.189.0.130", b: "10.189.0.129", c: "10.189.0.131" },
      changes: [
        ["b", "10.189.0.129"],
        ["c", "10.189.0.131"],
      ],
      unserved: [],
    });
  });

  it("keeps what was decided before a status shows it", () => {
    assert.deepEqual(plan([service("a"), service("b")], new Map([["b", "10.189.0.129"]])), {
      held: { b: "10.189.0.129", a: "10.189.0.130" },
      changes: [
        ["a", "10.189.0.130"],
        ["b", "10.189.0.129"],
      ],
      unserved: [],
    });
  });

  it("lets the newer of two with the same address give way", () => {
    const shown = "10.189.0.129";
    assert.deepEqual(plan([service("young", { shown, created: 2 }), service("old", { shown })]).changes, [
      ["young", "10.189.0.130"],
    ]);
  });

  it("gives the address that is asked for if it is free and of the pool", () => {
    const wants = "10.189.0.134";
    assert.deepEqual(plan([service("a"), service("b", { wants, created: 2 })]).held, {
      a: "10.189.0.129",
      b: wants,
    });
    assert.deepEqual(plan([service("a", { wants, shown: "10.189.0.129" })]).changes, [["a", wants]]);
    assert.deepEqual(plan([service("a", { shown: wants }), service("b", { wants })]).held, {
      a: wants,
      b: "10.189.0.129",
    });
    assert.deepEqual(plan([service("a", { wants: "192.0.2.1" })]).held, { a: "10.189.0.129" });
  });

  it("replaces an address that is not of the pool", () => {
    assert.deepEqual(plan([service("a", { shown: "192.0.2.1" })]).changes, [["a", "10.189.0.129"]]);
  });

  it("clears what another type of Service still shows, and gives that address on", () => {
    const shown = "10.189.0.129";
    assert.deepEqual(plan([service("a", { type: "ClusterIP", shown }), service("b")], new Map([["a", shown]])), {
      held: { b: shown },
      changes: [
        ["a", null],
        ["b", shown],
      ],
      unserved: [],
    });
  });

  it("leaves alone what another implementation serves", () => {
    const others = [
      service("a", { class: "example.com/other" }),
      service("b", { type: "ClusterIP", shown: "192.0.2.1" }),
    ];
    assert.deepEqual(plan(others), { held: {}, changes: [], unserved: [] });
  });

  it("names the Services for which none is left", () => {
    const many = ["a", "b", "c", "d", "e", "f", "g"].map((name) => service(name));
    assert.deepEqual(plan(many).unserved, ["g"]);
    assert.equal(plan(many).changes.length, 6);
  });

  it("is settled once its changes are made, with no address twice", () => {
    const address = fc.option(fc.integer({ min: 126, max: 137 }).map((last) => `10.189.0.${last}`));
    const shape = fc.record({
      type: fc.constantFrom("LoadBalancer", "ClusterIP"),
      shown: address,
      wants: address,
      created: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 9 }), (shapes) => {
        const services = shapes.map(({ type, shown, wants, created }, index) =>
          service(`s${index}`, { type, created, ...(shown ? { shown } : {}), ...(wants ? { wants } : {}) }),
        );
        const { held, changes } = planAddresses(services, pool);
        assert.equal(new Set(held.values()).size, held.size);
        const after = services.map((each) => {
          const change = changes.find((candidate) => candidate.service === each);
          const ingress = change?.address === undefined ? [] : [{ ip: change.address }];
          return change ? { ...each, status: { loadBalancer: { ingress } } } : each;
        });
        const again = planAddresses(after, pool, held);
        // An address that was given up in the first round may be what another one waits for.
        const waiting = services.some(({ spec }) => spec?.loadBalancerIP !== undefined);
        if (!waiting) assert.deepEqual(again.changes, []);
      }),
    );
  });
});

describe("statusPatch", () => {
  it("shows an address, or none, of this very Service", () => {
    const target = service("a");
    assert.deepEqual(statusPatch({ service: target, address: "10.189.0.129" }), {
      metadata: { uid: "a" },
      status: { loadBalancer: { ingress: [{ ip: "10.189.0.129" }] } },
    });
    assert.deepEqual(statusPatch({ service: target }), {
      metadata: { uid: "a" },
      status: { loadBalancer: { ingress: null } },
    });
  });
});
