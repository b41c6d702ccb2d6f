import assert from "node:assert/strict";
import { KubeClient } from "../../../../services/lib/kube/client.ts";
import { resourcePath } from "../../../../services/lib/kube/types.ts";
import { json, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const core = {
  resources: [
    { name: "pods/eviction", kind: "Eviction", namespaced: true },
    { name: "pods/log", kind: "Pod", namespaced: true },
    { name: "pods", kind: "Pod", namespaced: true },
    { name: "nodes", kind: "Node", namespaced: false },
  ],
};
const pod = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };

describe("resourceFor", () => {
  let server: ScriptedServer;
  let client: KubeClient;
  beforeEach(async () => {
    server = await scriptedServer(json(200, core));
    client = new KubeClient({ server: server.url });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });
  const asked = (): string[] => server.seen.map(({ method, path }) => `${method} ${path}`);

  it("asks once for a version, also when asked twice at the same time", async () => {
    assert.deepEqual(await Promise.all([client.resourceFor("v1", "Pod"), client.resourceFor("v1", "Node")]), [
      pod,
      { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false },
    ]);
    assert.deepEqual(await client.resourceFor("v1", "Pod"), pod);
    assert.deepEqual(asked(), ["GET /api/v1"]);
  });

  it("asks for a group below /apis, and again after invalidate", async () => {
    server.fallback = json(200, { resources: [{ name: "groups", kind: "Group", namespaced: false }] });
    const group = { apiVersion: "carrel.dev/v1", kind: "Group", plural: "groups", namespaced: false };
    assert.deepEqual(await client.resourceFor("carrel.dev/v1", "Group"), group);
    client.invalidate();
    assert.deepEqual(await client.resourceFor("carrel.dev/v1", "Group"), group);
    assert.deepEqual(asked(), ["GET /apis/carrel.dev/v1", "GET /apis/carrel.dev/v1"]);
  });

  it("refuses an unknown kind and a subresource, and looks again the next time", async () => {
    const refusal = (kind: string) => ({
      name: "KubeError",
      code: 404,
      reason: "NotFound",
      message: `the API server does not serve ${kind} of v1`,
    });
    server.next.push(json(200, {}));
    await assert.rejects(client.resourceFor("v1", "Pod"), refusal("Pod"));
    await assert.rejects(client.resourceFor("v1", "Eviction"), refusal("Eviction"));
    assert.deepEqual(await client.resourceFor("v1", "Pod"), pod);
    assert.equal(asked().length, 3);
  });

  it("does not keep a failed answer", async () => {
    server.next.push(json(503, { kind: "Status", message: "starting" }));
    await assert.rejects(client.resourceFor("v1", "Pod"), { code: 503, message: "starting" });
    assert.deepEqual(await client.resourceFor("v1", "Pod"), pod);
  });
});

describe("resourcePath", () => {
  const group = { apiVersion: "carrel.dev/v1", kind: "Group", plural: "groups", namespaced: false };
  const table: readonly [string, string][] = [
    [resourcePath(pod), "/api/v1/pods"],
    [resourcePath(pod, "n"), "/api/v1/namespaces/n/pods"],
    [resourcePath(pod, "n", "p"), "/api/v1/namespaces/n/pods/p"],
    [resourcePath(pod, "n", "p", "status"), "/api/v1/namespaces/n/pods/p/status"],
    [resourcePath(pod, "../x", "a b"), "/api/v1/namespaces/..%2Fx/pods/a%20b"],
    [resourcePath(group, "n"), "/apis/carrel.dev/v1/groups"],
    [resourcePath(group, undefined, "g"), "/apis/carrel.dev/v1/groups/g"],
  ];
  for (const [path, expected] of table) it(`is ${expected}`, () => assert.equal(path, expected));
});
