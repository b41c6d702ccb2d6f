import assert from "node:assert/strict";
import { collectionVersion, KubeClient, type ResourceRef } from "../../../../services/lib/kube/client.ts";
import { isConflict, isNotFound, KubeError } from "../../../../services/lib/kube/errors.ts";
import { json, type ScriptedServer, scriptedServer, text } from "./scripted-server.ts";

const pods: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
const groups: ResourceRef = { apiVersion: "carrel.dev/v1", kind: "Group", plural: "groups", namespaced: false };

describe("KubeClient", () => {
  let server: ScriptedServer;
  let client: KubeClient;
  beforeEach(async () => {
    server = await scriptedServer(json(200, { kind: "Answer" }));
    client = new KubeClient({ server: server.url });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  /** The requests so far: verb, path, query, content type, decoded body. */
  const asked = () =>
    server.seen.map(({ method, path, query, headers, body }) => [
      `${method} ${path}`,
      query,
      headers["content-type"],
      body === "" ? undefined : JSON.parse(body),
    ]);

  describe("verbs", () => {
    it("gets objects of namespaces and of the cluster", async () => {
      assert.deepEqual(await client.get(pods, "a/b", "p?"), { kind: "Answer" });
      await client.get(groups, "ignored", "g");
      await client.get(pods, undefined, "p");
      assert.deepEqual(asked(), [
        ["GET /api/v1/namespaces/a%2Fb/pods/p%3F", {}, undefined, undefined],
        ["GET /apis/carrel.dev/v1/groups/g", {}, undefined, undefined],
        ["GET /api/v1/pods/p", {}, undefined, undefined],
      ]);
    });

    it("creates and replaces", async () => {
      const object = { metadata: { name: "é", namespace: "n", resourceVersion: "7" } };
      await client.create(pods, "n", object, { dryRun: true, fieldManager: "me & you", fieldValidation: "Strict" });
      await client.create(groups, undefined, object);
      assert.deepEqual(await client.replace(pods, object), { kind: "Answer" });
      await client.replace(pods, object, { subresource: "status", fieldManager: "me", dryRun: false });
      assert.deepEqual(asked(), [
        [
          "POST /api/v1/namespaces/n/pods",
          { dryRun: "All", fieldManager: "me & you", fieldValidation: "Strict" },
          "application/json",
          object,
        ],
        ["POST /apis/carrel.dev/v1/groups", {}, "application/json", object],
        ["PUT /api/v1/namespaces/n/pods/%C3%A9", {}, "application/json", object],
        ["PUT /api/v1/namespaces/n/pods/%C3%A9/status", { fieldManager: "me" }, "application/json", object],
      ]);
      assert.equal(server.seen[0]?.headers["content-length"], String(Buffer.byteLength(JSON.stringify(object))));
    });

    it("patches, each type with its content type", async () => {
      await client.patch(groups, undefined, "g", { a: 1 }, { type: "apply", fieldManager: "me", force: true });
      await client.patch(pods, "n", "p", { a: 1 }, { type: "merge", subresource: "status", dryRun: true });
      await client.patch(pods, "n", "p", [{ op: "test" }], { type: "json", force: false });
      await client.patch(pods, "n", "p", {}, { type: "strategic" });
      const p = "PATCH /api/v1/namespaces/n/pods/p";
      assert.deepEqual(asked(), [
        [
          "PATCH /apis/carrel.dev/v1/groups/g",
          { fieldManager: "me", force: "true" },
          "application/apply-patch+yaml",
          { a: 1 },
        ],
        [`${p}/status`, { dryRun: "All" }, "application/merge-patch+json", { a: 1 }],
        [p, { force: "false" }, "application/json-patch+json", [{ op: "test" }]],
        [p, {}, "application/strategic-merge-patch+json", {}],
      ]);
    });

    it("deletes, with a precondition on the uid", async () => {
      const options = { apiVersion: "v1", kind: "DeleteOptions" };
      await client.delete(groups, undefined, "g");
      await client.delete(pods, "n", "p", { uid: "u1", propagationPolicy: "Foreground", gracePeriodSeconds: 0 });
      assert.deepEqual(asked(), [
        ["DELETE /apis/carrel.dev/v1/groups/g", {}, "application/json", options],
        [
          "DELETE /api/v1/namespaces/n/pods/p",
          {},
          "application/json",
          { ...options, propagationPolicy: "Foreground", gracePeriodSeconds: 0, preconditions: { uid: "u1" } },
        ],
      ]);
    });

    it("asks for the next page when one begins to come", async () => {
      const head = '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"10","continue":"a"},';
      let rest: () => void = () => assert.fail("nothing was asked for");
      server.next.push(
        (_seen, response) => {
          response.writeHead(200, { "content-type": "application/json" }).write(head);
          rest = () => response.end('"items":[{"n":1}]}');
        },
        (_seen, response) => {
          rest();
          json(200, { items: [{ n: 2 }], metadata: { resourceVersion: "10" } })(_seen, response);
        },
      );
      assert.deepEqual(await client.list(pods, "n"), { items: [{ n: 1 }, { n: 2 }], resourceVersion: "10" });
    });

    it("keeps of each page what is needed before the page after the next", async () => {
      const steps: string[] = [];
      server.next.push(
        json(200, { items: [{ n: 1 }, { n: 2 }], metadata: { resourceVersion: "10", continue: "a" } }),
        json(200, { items: [{ n: 3 }], metadata: { resourceVersion: "10" } }),
      );
      const project = (object: unknown): unknown => {
        const { n } = object as { n: number };
        steps.push(`${n} after ${server.seen.length} requests`);
        return n * 10;
      };
      const { items } = await client.list<number>(pods, "n", { project });
      assert.deepEqual(items, [10, 20, 30]);
      assert.deepEqual(steps, ["1 after 1 requests", "2 after 1 requests", "3 after 2 requests"]);
    });

    it("tells the version of a collection without any of its objects", async () => {
      server.next.push(json(200, { items: null, metadata: { resourceVersion: "10" } }));
      assert.equal(await collectionVersion(client, pods), "10");
      assert.deepEqual(
        server.seen.map(({ path, query }) => [path, query["fieldSelector"]]),
        [["/api/v1/pods", "metadata.name=none"]],
      );
    });

    it("leaves managed fields out where they are not wanted", async () => {
      const managedFields = [{ manager: "hub" }];
      const items = [{ metadata: { name: "a", managedFields } }];
      const page = json(200, { items, metadata: { resourceVersion: "10" } });
      server.next.push(page, page);
      assert.deepEqual((await client.list(pods, "n", { withoutManagedFields: true })).items, [
        { metadata: { name: "a" } },
      ]);
      assert.deepEqual((await client.list(pods, "n")).items, items);
    });

    it("lists all pages, with the version of the last", async () => {
      server.next.push(
        json(200, { items: [{ n: 1 }, { n: 2 }], metadata: { resourceVersion: "10", continue: "a=b&c" } }),
        json(200, { items: null, metadata: { resourceVersion: "10", continue: "d" } }),
        json(200, { items: [{ n: 3 }], metadata: { resourceVersion: "10", continue: "" } }),
        json(200, { items: [], metadata: { resourceVersion: "11" } }),
      );
      const options = { limit: 2, labelSelector: "a in (b,c)", fieldSelector: "spec.nodeName=x" };
      assert.deepEqual(await client.list(pods, "n", options), {
        items: [{ n: 1 }, { n: 2 }, { n: 3 }],
        resourceVersion: "10",
      });
      assert.deepEqual(await client.list(groups), { items: [], resourceVersion: "11" });
      const query = { limit: "2", labelSelector: "a in (b,c)", fieldSelector: "spec.nodeName=x" };
      assert.deepEqual(
        asked().map(([request, sent]) => [request, sent]),
        [
          ["GET /api/v1/namespaces/n/pods", query],
          ["GET /api/v1/namespaces/n/pods", { ...query, continue: "a=b&c" }],
          ["GET /api/v1/namespaces/n/pods", { ...query, continue: "d" }],
          ["GET /apis/carrel.dev/v1/groups", { limit: "500" }],
        ],
      );
    });
  });

  describe("lists whose version expires between two pages", () => {
    const expired = json(410, {
      kind: "Status",
      message: "The provided continue parameter is too old",
      reason: "Expired",
    });
    const firstPage = json(200, { items: [{ n: 1 }], metadata: { resourceVersion: "10", continue: "a" } });

    it("are asked for once more, in one page", async () => {
      server.next.push(
        firstPage,
        expired,
        json(200, { items: [{ n: 2 }, { n: 3 }], metadata: { resourceVersion: "20" } }),
      );
      const listed = await client.list(pods, "n", { limit: 1, labelSelector: "a=b" });
      assert.deepEqual(listed, { items: [{ n: 2 }, { n: 3 }], resourceVersion: "20" });
      assert.deepEqual(
        asked().map(([, query]) => query),
        [
          { limit: "1", labelSelector: "a=b" },
          { limit: "1", continue: "a", labelSelector: "a=b" },
          { labelSelector: "a=b" },
        ],
      );
    });

    it("fail where that expires too, and at their first page", async () => {
      server.next.push(firstPage, expired, expired, expired);
      await assert.rejects(client.list(pods), { name: "KubeError", code: 410 });
      await assert.rejects(client.list(pods), { name: "KubeError", code: 410 });
      assert.equal(server.seen.length, 4);
    });

    it("hold more objects than a call may have arguments", async () => {
      const items = Array.from({ length: 200_000 }, () => 1);
      server.next.push(json(200, { items, metadata: { resourceVersion: "1" } }));
      assert.equal((await client.list(pods)).items.length, 200_000);
    });
  });

  describe("request", () => {
    it("sends a string as it is and answers text as it comes", async () => {
      server.next.push(text(200, "ok"));
      assert.equal(await client.request("PUT", "/x", { body: "a: 1", contentType: "application/yaml" }), "ok");
      assert.deepEqual([server.seen[0]?.body, server.seen[0]?.headers["content-type"]], ["a: 1", "application/yaml"]);
    });

    it("answers nothing for an empty body", async () => {
      server.next.push((_seen, response) => response.writeHead(204).end());
      assert.equal(await client.request("GET", "/x"), undefined);
    });

    it("keeps a path prefix of the server's URL", async () => {
      const prefixed = new KubeClient({ server: `${server.url}/k8s/clusters/c1/` });
      await prefixed.request("GET", "/api/v1", { query: { watch: true, n: 5, none: undefined, empty: "" } });
      prefixed.close();
      assert.deepEqual(asked()[0]?.slice(0, 2), ["GET /k8s/clusters/c1/api/v1", { watch: "true", n: "5", empty: "" }]);
    });

    it("says who it is, with a token that is asked for each time", async () => {
      let turn = 0;
      const token = (): string => `t${++turn}`;
      const named = new KubeClient({ server: server.url, token }, { userAgent: "carrel-admission" });
      await named.request("GET", "/1");
      await named.request("GET", "/2");
      named.close();
      await client.request("GET", "/3");
      const fixed = new KubeClient({ server: server.url, token: "fixed" });
      await fixed.request("GET", "/4");
      fixed.close();
      assert.deepEqual(
        server.seen.map(({ headers }) => [headers["user-agent"], headers.authorization, headers.accept]),
        [
          ["carrel-admission", "Bearer t1", "application/json"],
          ["carrel-admission", "Bearer t2", "application/json"],
          ["carrel", undefined, "application/json"],
          ["carrel", "Bearer fixed", "application/json"],
        ],
      );
    });

    it("goes over one connection, one request after the other", async () => {
      const ports = new Set<number | undefined>();
      server.fallback = (_seen, response) => {
        ports.add(response.socket?.remotePort);
        response.end("ok");
      };
      for (let each = 0; each < 3; each++) await client.request("GET", "/x");
      assert.equal(ports.size, 1);
    });
  });

  describe("errors", () => {
    const failure = async (work: Promise<unknown>): Promise<KubeError> => {
      const error: unknown = await work.then(() => assert.fail("it succeeded")).catch((caught: unknown) => caught);
      assert.ok(error instanceof KubeError, String(error));
      return error;
    };
    const shape = ({ name, message, code, reason, details, body }: KubeError) => ({
      ...{ name, message, code, reason, details, body },
    });

    it("carry the Status of the server", async () => {
      const status = { kind: "Status", message: 'pods "p" not found', reason: "NotFound", details: { name: "p" } };
      server.next.push(json(404, status));
      const error = await failure(client.get(pods, "n", "p"));
      assert.deepEqual(shape(error), {
        name: "KubeError",
        message: 'pods "p" not found',
        code: 404,
        reason: "NotFound",
        details: { name: "p" },
        body: status,
      });
      assert.deepEqual([isNotFound(error), isConflict(error)], [true, false]);
    });

    it("name the request where the server sent no Status", async () => {
      const bare = (code: number, body: unknown) => ({
        ...{ name: "KubeError", message: `GET /x: HTTP ${code}`, code, reason: "", details: undefined, body },
      });
      server.next.push(
        text(502, "bad gateway", "text/html"),
        (_seen, response) => response.writeHead(500).end(),
        json(409, null),
        json(400, { kind: "Other", message: "ignored" }),
      );
      assert.deepEqual(shape(await failure(client.request("GET", "/x"))), bare(502, "bad gateway"));
      assert.deepEqual(shape(await failure(client.request("GET", "/x"))), bare(500, undefined));
      const conflict = await failure(client.request("GET", "/x"));
      assert.deepEqual([shape(conflict), isConflict(conflict), isNotFound(conflict)], [bare(409, null), true, false]);
      assert.deepEqual(
        shape(await failure(client.request("GET", "/x"))),
        bare(400, { kind: "Other", message: "ignored" }),
      );
      assert.deepEqual([isNotFound(new Error("404")), isConflict(undefined)], [false, false]);
    });

    it("say when to come back where the server said so", async () => {
      server.next.push(json(503, {}, { "retry-after": "7" }), json(503, {}, { "retry-after": "tomorrow" }));
      assert.equal((await failure(client.stream("GET", "/w"))).retryAfterMs, 7_000);
      assert.equal((await failure(client.request("GET", "/x"))).retryAfterMs, undefined);
    });

    it("are told of an answer that ends in good order within its text", async () => {
      server.next.push(
        text(201, '{"metadata":{"na', "application/json"),
        text(409, '{"kind":"Status","rea', "application/json"),
      );
      await assert.rejects(client.create(pods, "n", {}), {
        name: "Error",
        message: "POST /api/v1/namespaces/n/pods: the answer is not a whole JSON text",
      });
      const conflict = await failure(client.create(pods, "n", {}));
      assert.deepEqual([isConflict(conflict), conflict.body], [true, '{"kind":"Status","rea']);
      assert.equal(server.seen.length, 2);
    });

    it("come from streams as from requests", async () => {
      server.next.push(json(410, { kind: "Status", message: "too old", reason: "Expired" }), (_seen, response) =>
        response.writeHead(503).end(),
      );
      const gone = await failure(client.stream("GET", "/w"));
      assert.deepEqual([gone.code, gone.reason, gone.message], [410, "Expired", "too old"]);
      assert.equal((await failure(client.stream("GET", "/w"))).message, "GET /w: HTTP 503");
    });

    it("are those of the connection where there is none", async () => {
      await server.close();
      await assert.rejects(client.request("GET", "/x"), { code: "ECONNREFUSED" });
      server = await scriptedServer();
    });
  });
});
