import assert from "node:assert/strict";
import { statusChanges } from "../../lab/gateway/statuses.ts";
import { translate } from "../../lab/gateway/translate.ts";
import { addService, type Cluster, emptyCluster, gateway, httpRoute, plain } from "./cluster.ts";

const now = "2026-01-02T03:04:05Z";
const later = "2026-01-02T04:00:00Z";
const condition = (type: string, status = "True", reason = type, message = "") => ({
  type,
  status,
  reason,
  message,
  observedGeneration: 1,
  lastTransitionTime: now,
});

describe("statusChanges", () => {
  let view: Cluster;
  beforeEach(() => {
    view = emptyCluster();
    view.gateways.push(gateway("gate", [plain("http", 80)]));
    addService(view, "hub", ["10.1.0.5"]);
    view.httpRoutes.push(httpRoute("hub", { rules: [{ backendRefs: [{ name: "hub", port: 80 }] }] }));
  });
  const changes = (told: Parameters<typeof statusChanges>[1] = { now }) =>
    statusChanges(translate(view, "10.0.0.3"), told);
  const statuses = (told?: Parameters<typeof statusChanges>[1]) =>
    Object.fromEntries(changes(told).map(({ ref, object, status }) => [`${ref.kind} ${object.metadata.name}`, status]));
  /** Writes what is to be written, as the API server would. */
  const write = (told?: Parameters<typeof statusChanges>[1]): void => {
    for (const { object, status } of changes(told)) Object.assign(object, { status });
  };

  it("say of the class, of the Gateway, of its listeners and of routes what is so", () => {
    assert.deepEqual(statuses(), {
      "GatewayClass lab": { conditions: [condition("Accepted")] },
      "Gateway gate": {
        addresses: [{ type: "IPAddress", value: "10.0.0.3" }],
        conditions: [condition("Accepted"), condition("Programmed")],
        listeners: [
          {
            name: "http",
            supportedKinds: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute" }],
            attachedRoutes: 1,
            conditions: [
              condition("Accepted"),
              condition("ResolvedRefs"),
              condition("Conflicted", "False", "NoConflicts"),
              condition("Programmed"),
            ],
          },
        ],
      },
      "HTTPRoute hub": {
        parents: [
          {
            parentRef: { name: "gate", namespace: "edge" },
            controllerName: "carrel.dev/lab-gateway",
            conditions: [condition("Accepted"), condition("ResolvedRefs")],
          },
        ],
      },
    });
  });

  it("are none once they are written, whatever the time", () => {
    write();
    assert.deepEqual(changes({ now: later }), []);
  });

  it("tell that the proxy refuses, and keep the time of what has not changed", () => {
    write();
    const changed = statuses({ now: later, failure: "no such file" });
    assert.deepEqual(Object.keys(changed), ["Gateway gate"]);
    const { conditions } = changed["Gateway gate"] as { conditions: unknown[] };
    assert.deepEqual(conditions, [
      condition("Accepted"),
      { ...condition("Programmed", "False", "Invalid", "no such file"), lastTransitionTime: later },
    ]);
  });

  it("name a Gateway none of whose listeners can be served", () => {
    view.gateways = [gateway("gate", [plain("udp", 53, { protocol: "UDP" })])];
    const { conditions } = statuses()["Gateway gate"] as { conditions: unknown[] };
    assert.deepEqual(conditions, [
      condition("Accepted", "True", "ListenersNotValid", "see the listeners"),
      condition("Programmed", "False", "Invalid", "no listener can be served"),
    ]);
  });

  it("leave to other controllers what they said, and take back what is no longer so", () => {
    write();
    const [route] = view.httpRoutes;
    assert.ok(route?.status?.parents);
    const theirs = { parentRef: { name: "foreign" }, controllerName: "example.org/other", conditions: [] };
    Object.assign(route, {
      status: { parents: [...route.status.parents, theirs] },
      spec: { parentRefs: [{ name: "foreign" }] },
    });
    assert.deepEqual(statuses()["HTTPRoute hub"], { parents: [theirs] });
  });

  it("say nothing to a route that is not for here", () => {
    view.httpRoutes = [httpRoute("foreign", { parentRefs: [{ name: "foreign" }] })];
    assert.deepEqual(Object.keys(statuses()), ["GatewayClass lab", "Gateway gate"]);
  });
});
