import assert from "node:assert/strict";
import { PublicGateway, type PublicGatewayArgs } from "../../../components/exposure/gateway.ts";
import { gatewaySpec, httpRouteSpec, redirectSpec, tcpRouteSpec } from "../../../components/exposure/routes.ts";
import { outline, type Recording, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const route = {
  name: "hub",
  host: "a.example.org",
  pathPrefixes: ["/"],
  service: "proxy",
  namespace: "library-hub",
  port: 8000,
  isPublicWithoutLogin: false,
};
const ports = { http: 80, https: 8443, ssh: 2222 };
const ssh = { service: "ssh", namespace: "library-ssh", port: 22 };

const build = (own: Partial<PublicGatewayArgs> = {}): Promise<Recording<PublicGateway>> =>
  recordParts(
    (opts) =>
      new PublicGateway(
        "gate",
        {
          namespace: "library-gateway",
          gatewayClass: "site",
          ports,
          tlsSecret: "public-tls",
          hosts: ["a.example.org", "id.a.example.org"],
          otherHosts: ["old.example.org"],
          canonicalHost: "a.example.org",
          routes: [route],
          ssh,
          ...own,
        },
        opts,
      ),
  );

const object = (kind: string, name: string, namespace: string, spec: unknown) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { name, namespace, labels: labels("exposure") },
  spec,
});

describe("PublicGateway", () => {
  it("is a Gateway, a route for each Service and redirects, in the namespaces where they belong", async () => {
    const { resources } = await build();
    const API = "kubernetes:gateway.networking.k8s.io/v1";
    assert.deepEqual(outline(resources), [
      " > carrel:exposure:PublicGateway gate",
      `gate > ${API}:Gateway gate-gateway`,
      `gate > ${API}:HTTPRoute gate-route-hub`,
      `gate > ${API}:HTTPRoute gate-to-host`,
      `gate > ${API}:HTTPRoute gate-to-https`,
      `gate > ${API}:TCPRoute gate-route-ssh`,
      "gate > kubernetes:networking.k8s.io/v1:NetworkPolicy gate-network-policy",
    ]);
    const edge = "library-gateway";
    const namespaces = [edge, "library-hub", "library-ssh"];
    const inputsOf = (name: string) => resourceOf(resources, name).inputs;
    assert.deepEqual(
      inputsOf("gate-gateway"),
      object("Gateway", "carrel", edge, gatewaySpec("site", ports, namespaces, "public-tls")),
    );
    assert.deepEqual(inputsOf("gate-route-hub"), object("HTTPRoute", "hub", "library-hub", httpRouteSpec(route, edge)));
    assert.deepEqual(inputsOf("gate-route-ssh"), object("TCPRoute", "ssh", "library-ssh", tcpRouteSpec(ssh, edge)));
    const hosts = ["a.example.org", "id.a.example.org"];
    assert.deepEqual(
      inputsOf("gate-to-https"),
      object("HTTPRoute", "to-https", edge, redirectSpec(hosts, ["http"], { port: 8443 }, edge)),
    );
    const to = { host: "a.example.org", port: 8443 };
    assert.deepEqual(
      inputsOf("gate-to-host"),
      object("HTTPRoute", "to-host", edge, redirectSpec(["old.example.org"], ["http", "https"], to, edge)),
    );
  });

  it("makes routes after the Gateway", async () => {
    const { resources } = await build();
    const routes = resources.filter(({ type }) => type.endsWith("Route"));
    assert.deepEqual(
      routes.map(({ dependsOn }) => dependsOn),
      routes.map(() => ["gate-gateway"]),
    );
  });

  it("opens nothing but the pods that an implementation starts for it", async () => {
    const { resources } = await build();
    assert.deepEqual(resourceOf(resources, "gate-network-policy").inputs["spec"], {
      podSelector: { matchLabels: { "gateway.networking.k8s.io/gateway-name": "carrel" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{}],
      egress: [{}],
    });
  });

  it("has no redirect from other hosts where there are none, and no SSH where it is not asked for", async () => {
    const { resources } = await recordParts(
      (opts) =>
        new PublicGateway(
          "gate",
          {
            namespace: "library-gateway",
            gatewayClass: "site",
            ports,
            tlsSecret: "public-tls",
            hosts: ["a.example.org"],
            otherHosts: [],
            canonicalHost: "a.example.org",
            routes: [],
          },
          opts,
        ),
    );
    assert.deepEqual(
      resources.map(({ name }) => name),
      ["gate", "gate-gateway", "gate-to-https", "gate-network-policy"],
    );
  });
});
