import assert from "node:assert/strict";
import { gatewaySpec, httpRouteSpec, redirectSpec, tcpRouteSpec } from "../../../components/exposure/routes.ts";

describe("specs of the Gateway API", () => {
  it("lead a host's prefixes to a Service, over HTTPS alone", () => {
    const route = {
      name: "identity",
      host: "id.example.org",
      pathPrefixes: ["/realms", "/resources"],
      service: "keycloak",
      namespace: "library-identity",
      port: 8080,
      isPublicWithoutLogin: true,
    };
    assert.deepEqual(httpRouteSpec(route, "library-gateway"), {
      parentRefs: [{ name: "carrel", namespace: "library-gateway", sectionName: "https" }],
      hostnames: ["id.example.org"],
      rules: [
        {
          matches: [
            { path: { type: "PathPrefix", value: "/realms" } },
            { path: { type: "PathPrefix", value: "/resources" } },
          ],
          backendRefs: [{ name: "keycloak", port: 8080 }],
        },
      ],
    });
  });

  it("lead SSH to a Service", () => {
    assert.deepEqual(tcpRouteSpec({ service: "ssh", namespace: "library-hub", port: 2222 }, "library-gateway"), {
      parentRefs: [{ name: "carrel", namespace: "library-gateway", sectionName: "ssh" }],
      rules: [{ backendRefs: [{ name: "ssh", port: 2222 }] }],
    });
  });

  it("redirect to HTTPS, and to another host where one is named", () => {
    const filtersOf = (spec: Readonly<Record<string, unknown>>) => spec["rules"];
    const kept = redirectSpec(["a.example.org"], ["http"], { port: 8443 }, "library-gateway");
    assert.deepEqual(kept, {
      parentRefs: [{ name: "carrel", namespace: "library-gateway", sectionName: "http" }],
      hostnames: ["a.example.org"],
      rules: [
        {
          filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", port: 8443, statusCode: 301 } }],
        },
      ],
    });
    assert.deepEqual(filtersOf(redirectSpec(["b"], ["http", "https"], { host: "a", port: 443 }, "x")), [
      {
        filters: [
          { type: "RequestRedirect", requestRedirect: { scheme: "https", hostname: "a", port: 443, statusCode: 301 } },
        ],
      },
    ]);
  });

  it("open the Gateway to routes of the named namespaces, and plain HTTP to none but its own", () => {
    const namespaces = {
      from: "Selector",
      selector: {
        matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["a", "b"] }],
      },
    };
    assert.deepEqual(gatewaySpec("site", { http: 80, https: 443, ssh: 22 }, ["b", "a", "b"], "public-tls"), {
      gatewayClassName: "site",
      listeners: [
        { name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "Same" } } },
        {
          name: "https",
          protocol: "HTTPS",
          port: 443,
          tls: { mode: "Terminate", certificateRefs: [{ name: "public-tls" }] },
          allowedRoutes: { namespaces, kinds: [{ kind: "HTTPRoute" }] },
        },
        { name: "ssh", protocol: "TCP", port: 22, allowedRoutes: { namespaces, kinds: [{ kind: "TCPRoute" }] } },
      ],
    });
  });
});
