import assert from "node:assert/strict";
import type { Gateway, HttpRoute } from "../../lab/gateway/objects.ts";
import { publicNames, publicNamesOf } from "../../lab/platform/public-names.ts";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { json, scriptedServer } from "../services/lib/kube/scripted-server.ts";

const gateway = (https: number, programmed: "True" | "False"): Gateway => ({
  metadata: { name: "carrel", namespace: "carrel-gateway" },
  spec: {
    gatewayClassName: "lab",
    listeners: [
      { name: "https", port: https, protocol: "HTTPS" },
      { name: "ssh", port: 2222, protocol: "TCP" },
    ],
  },
  status: {
    conditions: [
      { type: "Programmed", status: programmed, reason: "", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
    ],
  },
});

const route = (name: string, host: string, ...paths: string[]): HttpRoute => ({
  metadata: { name, namespace: "n" },
  spec: {
    hostnames: [host],
    rules: [{ matches: paths.map((value) => ({ path: { value } })), backendRefs: [{ name, port: 80 }] }],
  },
});
const redirect: HttpRoute = {
  metadata: { name: "to-https", namespace: "n" },
  spec: { hostnames: ["h.localhost"], rules: [{ filters: [{ type: "RequestRedirect" }] }] },
};
const routes = [
  redirect,
  route("identity", "id.h.localhost", "/realms", "/resources"),
  route("hub", "h.localhost", "/"),
  route("api", "api.h.localhost", "/graphql"),
];

describe("publicNamesOf", () => {
  it("has a URL for each route that leads somewhere, with a port that browsers do not guess", () => {
    assert.deepEqual(publicNamesOf(gateway(8443, "True"), routes), {
      urls: {
        api: "https://api.h.localhost:8443/graphql",
        hub: "https://h.localhost:8443",
        identity: "https://id.h.localhost:8443",
      },
      ssh: { host: "h.localhost", port: 2222 },
      programmed: true,
    });
  });

  it("leaves out the port of HTTPS, and SSH without a hub", () => {
    assert.deepEqual(publicNamesOf(gateway(443, "False"), [route("api", "api.h", "/graphql")]), {
      urls: { api: "https://api.h/graphql" },
      programmed: false,
    });
  });

  it("is empty without a Gateway", () => {
    assert.deepEqual(publicNamesOf(undefined, routes), { urls: {}, programmed: undefined });
  });
});

describe("publicNames", () => {
  it("reads the platform's own objects, and none where the cluster has no such kind", async () => {
    const server = await scriptedServer((seen, response) => {
      const items = seen.path.endsWith("/gateways") ? [gateway(8443, "True")] : routes;
      json(200, { items, metadata: { resourceVersion: "1" } })(seen, response);
    });
    const client = new KubeClient({ server: server.url });
    try {
      assert.deepEqual(await publicNames(client), publicNamesOf(gateway(8443, "True"), routes));
      assert.deepEqual(
        server.seen.map(({ path, query }) => [path, query["labelSelector"]]).sort(),
        ["gateways", "httproutes"].map((kind) => [
          `/apis/gateway.networking.k8s.io/v1/${kind}`,
          "app.kubernetes.io/part-of=carrel",
        ]),
      );
      server.fallback = json(404, {});
      assert.deepEqual(await publicNames(client), { urls: {}, programmed: undefined });
    } finally {
      client.close();
      await server.close();
    }
  });
});
