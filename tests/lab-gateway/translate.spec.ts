import assert from "node:assert/strict";
import type { PlannedRule } from "../../lab/gateway/plan.ts";
import { type RouteFindings, translate } from "../../lab/gateway/translate.ts";
import { type Issued, issue } from "../support/public-certificates.ts";
import {
  addService,
  type Cluster,
  emptyCluster,
  gateway,
  httpRoute,
  meta,
  plain,
  secure,
  tcpRoute,
  tlsSecret,
} from "./cluster.ts";

const prefix = (value: string) => ({ path: { type: "PathPrefix", value } });
const to = (name: string, port = 80) => [{ name, port }];
const hubEndpoints = [{ address: "10.1.0.5", port: 8080 }];
const said = (parents: readonly RouteFindings[]): string[] =>
  parents.flatMap(({ findings }) =>
    findings.map(({ type, status, reason, message }) => `${type}=${status} ${reason}${message && `: ${message}`}`),
  );
const fine = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];

describe("translate", () => {
  let view: Cluster;
  let pair: Issued;
  before(async () => {
    pair = await issue("a.example.org", { names: ["a.example.org"] });
  });
  beforeEach(() => {
    view = emptyCluster();
    view.gateways.push(gateway("gate", [plain("http", 80)]));
    addService(view, "hub", ["10.1.0.5"]);
  });
  const result = () => translate(view, "10.0.0.3");
  const rules = (): readonly PlannedRule[] => result().plan.listeners[0]?.rules ?? [];
  const routeSays = (): string[] => result().httpRoutes.flatMap(({ parents }) => said(parents));

  it("gives each listener its id, its port and its rules", () => {
    view.httpRoutes.push(
      httpRoute("hub", {
        hostnames: ["a.example.org"],
        rules: [{ matches: [prefix("/hub")], backendRefs: to("hub") }],
      }),
    );
    const { plan, listeners, httpRoutes } = result();
    assert.deepEqual(plan, {
      address: "10.0.0.3",
      listeners: [
        {
          id: "edge_gate_http",
          port: 80,
          kind: "http",
          certificates: [],
          rules: [
            {
              host: "a.example.org",
              path: { type: "PathPrefix", value: "/hub" },
              action: { backend: { name: "edge/hub:80", endpoints: hubEndpoints } },
            },
          ],
        },
      ],
    });
    assert.deepEqual(
      listeners.map(({ attachedRoutes }) => attachedRoutes),
      [1],
    );
    assert.deepEqual(
      httpRoutes.flatMap(({ parents }) => said(parents)),
      fine,
    );
  });

  it("orders rules by host, exactness, length of the path and age", () => {
    const rule = (...paths: string[]) => [{ matches: paths.map(prefix), backendRefs: to("hub") }];
    view.httpRoutes.push(
      httpRoute("everywhere", { rules: rule("/long/path") }),
      httpRoute("wild", { hostnames: ["*.example.org"], rules: rule("/a", "/") }),
      httpRoute("young", {
        hostnames: ["a.example.org"],
        rules: [{ matches: [{ path: { type: "Exact", value: "/x" } }], backendRefs: to("hub") }],
      }),
      httpRoute("host", { hostnames: ["a.example.org"], rules: rule("/", "/hub") }),
    );
    assert.deepEqual(
      rules().map(({ host, path }) => `${host ?? "*"} ${path.type} ${path.value}`),
      [
        "a.example.org Exact /x",
        "a.example.org PathPrefix /hub",
        "a.example.org PathPrefix /",
        "*.example.org PathPrefix /a",
        "*.example.org PathPrefix /",
        "* PathPrefix /long/path",
      ],
    );
  });

  it("gives the older of two equal rules the request", () => {
    addService(view, "late", ["10.1.0.9"]);
    const older = httpRoute("b", { rules: [{ backendRefs: to("hub") }] });
    const younger = httpRoute("a", { rules: [{ backendRefs: to("late") }] });
    view.httpRoutes.push(younger, older);
    const [first] = rules();
    assert.deepEqual(first?.action, { backend: { name: "edge/hub:80", endpoints: hubEndpoints } });
  });

  it("leaves alone what is of another class, and what names another parent", () => {
    view.gateways.push({
      ...gateway("foreign", [plain("http", 81)]),
      spec: { gatewayClassName: "other", listeners: [plain("http", 81)] },
    });
    view.httpRoutes.push(
      httpRoute("foreign", {
        parentRefs: [{ name: "foreign", namespace: "edge" }],
        rules: [{ backendRefs: to("hub") }],
      }),
      httpRoute("service", {
        parentRefs: [{ group: "", kind: "Service", name: "gate" }],
        rules: [{ backendRefs: to("hub") }],
      }),
    );
    const { plan, gateways } = result();
    assert.deepEqual([plan.listeners.length, gateways.length, routeSays()], [1, 1, []]);
  });

  const refused: [string, Parameters<typeof httpRoute>[1], string][] = [
    [
      "no such listener",
      { parentRefs: [{ name: "gate", sectionName: "https" }] },
      "Accepted=False NoMatchingParent: there is no such listener",
    ],
    [
      "another port",
      { parentRefs: [{ name: "gate", port: 81 }] },
      "Accepted=False NoMatchingParent: there is no such listener",
    ],
    [
      "a header",
      { rules: [{ matches: [{ headers: [{}] }], backendRefs: to("hub") }] },
      "Accepted=False UnsupportedValue: a match by anything but the path is not supported here",
    ],
    [
      "a method",
      { rules: [{ matches: [{ method: "GET" }], backendRefs: to("hub") }] },
      "Accepted=False UnsupportedValue: a match by anything but the path is not supported here",
    ],
    [
      "an expression",
      { rules: [{ matches: [{ path: { type: "RegularExpression", value: "/.*" } }] }] },
      "Accepted=False UnsupportedValue: a path by regular expression is not supported here",
    ],
    [
      "a filter",
      { rules: [{ filters: [{ type: "URLRewrite" }] }] },
      "Accepted=False UnsupportedValue: the filter URLRewrite is not supported here",
    ],
    [
      "another path",
      { rules: [{ filters: [{ type: "RequestRedirect", requestRedirect: { path: {} } }] }] },
      "Accepted=False UnsupportedValue: a redirect to another path is not supported here",
    ],
    [
      "two backends",
      { rules: [{ backendRefs: [...to("hub"), ...to("hub")] }] },
      "Accepted=False UnsupportedValue: more than one backend in a rule is not supported here",
    ],
    [
      "a backend's filter",
      { rules: [{ backendRefs: [{ name: "hub", port: 80, filters: [{}] }] }] },
      "Accepted=False UnsupportedValue: filters of a backend is not supported here",
    ],
  ];
  for (const [what, spec, message] of refused) {
    it(`refuses a route that asks for ${what}, and says so`, () => {
      view.httpRoutes.push(httpRoute("odd", { rules: [{ backendRefs: to("hub") }], ...spec }));
      assert.deepEqual(rules(), []);
      assert.deepEqual(routeSays(), [message, "ResolvedRefs=True ResolvedRefs"]);
    });
  }

  it("takes routes of the namespaces and kinds that a listener names", () => {
    const selector = {
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In" as const, values: ["work"] }],
    };
    view.gateways[0] = gateway("gate", [
      plain("http", 80, { allowedRoutes: { namespaces: { from: "Selector", selector } } }),
    ]);
    addService(view, "hub", ["10.1.0.7"], "work");
    view.httpRoutes.push(
      httpRoute("mine", { rules: [{ backendRefs: to("hub") }] }, "work"),
      httpRoute("other", { rules: [{ backendRefs: to("hub") }] }),
    );
    view.tcpRoutes.push(tcpRoute("tcp", "hub", "work"));
    assert.equal(rules().length, 1);
    const refusal = (kind: string) =>
      `Accepted=False NotAllowedByListeners: no listener takes a ${kind} of this namespace`;
    assert.deepEqual(routeSays(), [...fine, refusal("HTTPRoute"), "ResolvedRefs=True ResolvedRefs"]);
    assert.deepEqual(
      result().tcpRoutes.flatMap(({ parents }) => said(parents)),
      [refusal("TCPRoute"), "ResolvedRefs=True ResolvedRefs"],
    );
  });

  it("serves 500 for what cannot be found, and nobody for what is not ready", () => {
    view.endpointSlices.push({
      metadata: meta("edge", "slow-1", { "kubernetes.io/service-name": "slow" }),
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080 }],
      endpoints: [{ addresses: ["10.1.0.8"], conditions: { ready: false } }],
    });
    view.services.push({ metadata: meta("edge", "slow"), spec: { ports: [{ name: "http", port: 80 }] } });
    const reasons: [string, object[], string][] = [
      ["nobody", to("nobody"), "ResolvedRefs=False BackendNotFound: there is no Service edge/nobody"],
      ["port", to("hub", 81), "ResolvedRefs=False BackendNotFound: Service edge/hub has no TCP port 81"],
      ["kind", [{ kind: "Pod", name: "hub", port: 80 }], "ResolvedRefs=False InvalidKind: Pod hub is no Service"],
      [
        "far",
        [{ namespace: "work", name: "hub", port: 80 }],
        "ResolvedRefs=False RefNotPermitted: Service work/hub is in another namespace than the route",
      ],
      ["slow", to("slow"), "ResolvedRefs=True ResolvedRefs"],
    ];
    for (const [name, backendRefs] of reasons)
      view.httpRoutes.push(
        httpRoute(name, { rules: [{ matches: [prefix(`/${name}`)], backendRefs: backendRefs as never }] }),
      );
    assert.deepEqual(
      routeSays(),
      reasons.flatMap(([, , reason]) => ["Accepted=True Accepted", reason]),
    );
    const actions = Object.fromEntries(rules().map(({ path, action }) => [path.value, action]));
    assert.deepEqual(actions, {
      "/nobody": { status: 500 },
      "/port": { status: 500 },
      "/kind": { status: 500 },
      "/far": { status: 500 },
      "/slow": { backend: { name: "edge/slow:80", endpoints: [] } },
    });
  });

  it("serves HTTPS with the Secret's certificate, key last", () => {
    view.gateways[0] = gateway("gate", [secure("https", 443, ["tls"])]);
    view.secrets.push(tlsSecret("tls", pair));
    assert.deepEqual(result().plan.listeners[0]?.certificates, [
      { file: "edge_tls.pem", pem: `${pair.pem.trimEnd()}\n${pair.keyPem.trimEnd()}\n` },
    ]);
  });

  it("does not serve HTTPS without a certificate that is whole", async () => {
    const other = await issue("b.example.org", { names: ["b.example.org"] });
    view.gateways[0] = gateway("gate", [
      secure("missing", 443, ["nothing"]),
      secure("mixed", 444, ["mixed"]),
      secure("none", 445, []),
      { ...secure("passed", 446, ["tls"]), tls: { mode: "Passthrough" } },
    ]);
    view.secrets.push(tlsSecret("mixed", { pem: pair.pem, keyPem: other.keyPem }));
    const { plan, listeners } = result();
    assert.deepEqual(plan.listeners, []);
    assert.deepEqual(
      listeners.map(({ accepted, resolvedRefs }) => [accepted.message, resolvedRefs.message]),
      [
        ["", "there is no Secret nothing of type kubernetes.io/tls"],
        ["", "the key of Secret mixed is not its certificate's"],
        ["", "no certificate is named"],
        ["TLS mode Passthrough is not Terminate", "no certificate is named"],
      ],
    );
  });

  it("gives a port to the oldest Gateway that asks for it", () => {
    view.gateways.push(gateway("young", [plain("http", 80), plain("udp", 53, { protocol: "UDP" })]));
    const { plan, listeners } = result();
    assert.deepEqual(
      plan.listeners.map(({ id }) => id),
      ["edge_gate_http"],
    );
    assert.deepEqual(
      listeners.map(({ accepted }) => `${accepted.reason}: ${accepted.message}`),
      [
        "Accepted: ",
        "PortUnavailable: port 80 is the one of http of edge/gate",
        "UnsupportedProtocol: UDP is none of HTTP, HTTPS and TCP",
      ],
    );
  });

  it("leads a port of TCP to the Service of the oldest route", () => {
    view.gateways[0] = gateway("gate", [plain("ssh", 22, { protocol: "TCP" })]);
    const [older, younger, lost] = [tcpRoute("older", "hub"), tcpRoute("younger", "hub"), tcpRoute("lost", "nobody")];
    view.tcpRoutes.push(younger, older);
    const { plan, tcpRoutes } = result();
    assert.deepEqual(plan.listeners[0]?.backend, {
      name: "edge/hub:22",
      endpoints: [{ address: "10.1.0.5", port: 2222 }],
    });
    assert.deepEqual(
      tcpRoutes.map(({ route, parents }) => [route.metadata.name, said(parents)]),
      [
        ["older", fine],
        ["younger", ["Accepted=False Conflicted: an older route has the listener", "ResolvedRefs=True ResolvedRefs"]],
      ],
    );
    view.tcpRoutes = [lost];
    assert.deepEqual(result().plan.listeners[0]?.backend, { name: "none", endpoints: [] });
  });

  it("redirects to the port of a scheme that it names, else to the listener's", () => {
    view.gateways[0] = gateway("gate", [plain("http", 8080)]);
    const redirect = (requestRedirect: object) => ({
      rules: [{ filters: [{ type: "RequestRedirect", requestRedirect }] }],
    });
    const redirects: [object, object][] = [
      [
        { scheme: "https", port: 8443, statusCode: 301 },
        { code: 301, scheme: "https", port: 8443 },
      ],
      [
        { scheme: "https", port: 443 },
        { code: 302, scheme: "https" },
      ],
      [{ scheme: "https" }, { code: 302, scheme: "https" }],
      [{ hostname: "b.example.org" }, { code: 302, host: "b.example.org", port: 8080 }],
    ];
    for (const [given, planned] of redirects) {
      view.httpRoutes = [httpRoute("r", redirect(given))];
      assert.deepEqual(rules()[0]?.action, { redirect: planned });
    }
  });
});
