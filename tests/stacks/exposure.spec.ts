import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import { publicNames } from "../../config/exposure.ts";
import type { Settings } from "../../config/settings.ts";
import { type ExposedParts, exposure, publicHostsOf, routesOf, sshTargetOf } from "../../stacks/exposure.ts";
import { foundation } from "../../stacks/foundation.ts";
import { clusterProvider, outline, type Recording, record, resourceOf } from "../support/mocks.ts";
import { unservedRoutes } from "../support/routes.ts";
import { foundationParts, settings } from "./support.ts";

const everything: ExposedParts = { hub: true, identity: true, api: true, ssh: true };
const nothing: ExposedParts = { hub: false, identity: false, api: false, ssh: false };

/** The stack on its foundation; `more` is what other stacks will bring. */
const build = (given: Settings = settings, parts = everything, more: (provider: k8s.Provider) => void = () => {}) =>
  record(() => {
    const provider = clusterProvider();
    exposure(given, foundation(given, provider), parts, provider);
    more(provider);
  });

const withExposure = (own: Partial<Settings["exposure"]>): Settings => ({
  ...settings,
  exposure: { ...settings.exposure, ...own },
});
const names = ({ resources }: Recording<void>): string[] => resources.map(({ name }) => name);
const API = "kubernetes:gateway.networking.k8s.io/v1";

describe("exposure", () => {
  it("is a namespace, a certificate, a Gateway and routes, on the site's own class", async () => {
    const { resources } = await build();
    assert.deepEqual(
      outline(resources).filter((line) => !foundationParts.includes(line)),
      [
        " > carrel:exposure:Prerequisites gateway-api",
        " > carrel:exposure:PublicCertificate public-certificate",
        " > carrel:exposure:PublicGateway public-gateway",
        " > carrel:foundation:ManagedNamespace gateway",
        "gateway > kubernetes:core/v1:Namespace gateway-namespace",
        "gateway > kubernetes:networking.k8s.io/v1:NetworkPolicy gateway-default-deny",
        "public-certificate > kubernetes:core/v1:Secret public-certificate-tls",
        "public-certificate > tls:index/certRequest:CertRequest public-certificate-signing-request",
        "public-certificate > tls:index/locallySignedCert:LocallySignedCert public-certificate-certificate",
        "public-certificate > tls:index/privateKey:PrivateKey public-certificate-key",
        `public-gateway > ${API}:Gateway public-gateway-gateway`,
        `public-gateway > ${API}:HTTPRoute public-gateway-route-api`,
        `public-gateway > ${API}:HTTPRoute public-gateway-route-hub`,
        `public-gateway > ${API}:HTTPRoute public-gateway-route-identity`,
        `public-gateway > ${API}:HTTPRoute public-gateway-route-welcome`,
        `public-gateway > ${API}:HTTPRoute public-gateway-to-host`,
        `public-gateway > ${API}:HTTPRoute public-gateway-to-https`,
        `public-gateway > ${API}:TCPRoute public-gateway-route-ssh`,
        "public-gateway > kubernetes:networking.k8s.io/v1:NetworkPolicy public-gateway-network-policy",
      ],
    );
    const { spec } = resourceOf(resources, "public-gateway-gateway").inputs as {
      spec: { gatewayClassName: string; listeners: { name: string; port: number }[] };
    };
    assert.deepEqual(
      [spec.gatewayClassName, ...spec.listeners.map(({ name, port }) => [name, port])],
      ["site", ["http", 8080], ["https", 8443], ["ssh", 2222]],
    );
  });

  it("brings Traefik where the site has no class, which takes SSH by itself", async () => {
    const recorded = await build(withExposure({ gatewayClass: undefined }));
    const { resources } = recorded;
    assert.ok(names(recorded).includes("traefik-deployment"));
    assert.ok(!names(recorded).includes("public-gateway-route-ssh"));
    const { spec } = resourceOf(resources, "public-gateway-gateway").inputs as { spec: { gatewayClassName: string } };
    assert.equal(spec.gatewayClassName, "carrel");
    const { dependsOn } = resourceOf(resources, "public-gateway");
    assert.ok(dependsOn.includes("traefik-class"));
  });

  it("asks MetalLB for addresses where there are some, for Traefik alone", async () => {
    const metallbAddresses = ["192.0.2.7/32"];
    const recorded = await build(withExposure({ gatewayClass: undefined, metallbAddresses }));
    const { metadata } = resourceOf(recorded.resources, "traefik-service").inputs as {
      metadata: { annotations: unknown };
    };
    assert.deepEqual(metadata.annotations, { "metallb.io/address-pool": "carrel-gateway" });
    assert.ok(!names(await build(withExposure({ metallbAddresses }))).includes("gateway-addresses-pool"));
  });

  it("has no route to what is not there", async () => {
    const recorded = await build(settings, nothing);
    const routes = recorded.resources.filter(({ type }) => /(HTTP|TCP)Route$/.test(type)).map(({ name }) => name);
    assert.deepEqual(routes, ["public-gateway-to-host", "public-gateway-to-https"]);
  });

  it("has a certificate for every name that is served or redirected", async () => {
    const { resources } = await build();
    const { dnsNames } = resourceOf(resources, "public-certificate-signing-request").inputs;
    assert.deepEqual(dnsNames, publicHostsOf(settings));
    assert.deepEqual(publicHostsOf(settings), [
      "carrel.localhost",
      ...["id", "api", "console", "grafana", "dashboard"].map((name) => `${name}.carrel.localhost`),
      "old.carrel.localhost",
    ]);
  });
});

describe("routesOf", () => {
  const routes = routesOf({ ...settings, names: publicNames("example.org", 443) }, everything);

  it("is what may be reached from outside, and nothing else", () => {
    assert.deepEqual(
      routes.map(({ name, host, pathPrefixes, namespace, service, port }) => [
        name,
        `${host} ${pathPrefixes.join(" ")}`,
        `${namespace}/${service}:${port}`,
      ]),
      [
        ["hub", "example.org /", "carrel-hub/proxy-public:8000"],
        ["identity", "id.example.org /realms /resources /.well-known", "carrel-identity/keycloak:8080"],
        ["api", "api.example.org /graphql", "carrel-system/api:8080"],
        ["welcome", "example.org /welcome", "carrel-system/api:8080"],
      ],
    );
  });

  it("opens without a login nothing but logins and invitations", () => {
    const open = routes.filter(({ isPublicWithoutLogin }) => isPublicWithoutLogin);
    assert.deepEqual(
      open.flatMap(({ host, pathPrefixes }) => pathPrefixes.map((path) => `${host}${path}`)),
      ["id.example.org/realms", "id.example.org/resources", "id.example.org/.well-known", "example.org/welcome"],
    );
  });

  it("never leads to Keycloak's administration, and never to a port for servers alone", () => {
    const prefixes = routes.filter(({ service }) => service === "keycloak").flatMap(({ pathPrefixes }) => pathPrefixes);
    assert.ok(prefixes.every((path) => !["/", "/admin", "/metrics", "/health"].includes(path)));
    assert.deepEqual(
      routes.filter(({ port }) => [8081, 9000, 9090].includes(port)),
      [],
    );
  });

  it("has names of its own for each route", () => {
    assert.equal(new Set(routes.map(({ name }) => name)).size, routes.length);
  });
});

describe("unservedRoutes", () => {
  const service = (provider: k8s.Provider, namespace: string, name: string, port: number): k8s.core.v1.Service =>
    new k8s.core.v1.Service(
      `${namespace}-${name}`,
      { metadata: { name, namespace }, spec: { ports: [{ port }] } },
      { provider },
    );
  const targets = [
    ...routesOf(settings, everything),
    ...[sshTargetOf(settings, everything)].filter((target) => target !== undefined),
  ];

  it("names each route whose Service, or whose port of it, is not declared", async () => {
    const { resources } = await build(settings, everything, (provider) => {
      service(provider, "carrel-hub", "proxy-public", 8000);
      service(provider, "carrel-identity", "keycloak", 9000);
      service(provider, "carrel-work", "api", 8080);
    });
    assert.deepEqual(unservedRoutes(resources, targets), [
      "carrel-identity/keycloak has no port 8080",
      "there is no Service carrel-system/api",
      "there is no Service carrel-system/api",
      "there is no Service carrel-hub/ssh",
    ]);
  });

  it("names none where all are", async () => {
    const { resources } = await build(settings, everything, (provider) => {
      for (const { namespace, service: name, port } of targets.filter((_, i) => i !== 3))
        service(provider, namespace, name, port);
    });
    assert.deepEqual(unservedRoutes(resources, targets), []);
  });
});
