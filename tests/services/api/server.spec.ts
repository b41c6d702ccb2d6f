import assert from "node:assert/strict";
import { getIntrospectionQuery } from "graphql";
import { type Answer, type Library, type LibraryOptions, library, ORIGIN, SECRET } from "./library.ts";

const problem = ({ status, body }: Answer): unknown => [
  status,
  body.errors?.[0]?.extensions?.code,
  body.errors?.[0]?.message,
];

const launchQuery = `{ launchContext(user: "ada", group: "physics") { user { name displayName isAdmin } groups {
      name quota { cpuMilli pods } memberQuota { cpuMilli } usage { cpuMilli } memberUsage { cpuMilli } remaining { cpuMilli gpuMilli pods }
      instanceTypes { name cpuMilli gpuMilli resources tolerations { key operator } nodeSelector fits reason }
      images { name reference pullSecret variants { architecture reference } }
      volumes { name kind mountPath claim readOnly env }
      sharedVolume { claim } culling { policy idleSeconds maxAgeSeconds } } } }`;

const launchAnswer = {
  data: {
    launchContext: {
      user: { name: "ada", displayName: "Ada L.", isAdmin: false },
      groups: [
        {
          name: "physics",
          quota: { cpuMilli: "7777", pods: null },
          memberQuota: { cpuMilli: "4000" },
          usage: { cpuMilli: "2000" },
          memberUsage: { cpuMilli: "1500" },
          remaining: { cpuMilli: "2500", gpuMilli: "2000", pods: null },
          instanceTypes: [
            {
              name: "physics-type",
              cpuMilli: "1000",
              gpuMilli: "1000",
              resources: { cpu: "1", memory: "2Gi", "nvidia.com/gpu": "1" },
              tolerations: [{ key: "physics", operator: "Exists" }],
              nodeSelector: { room: "physics" },
              fits: true,
              reason: null,
            },
          ],
          images: [
            {
              name: "physics-image",
              reference: "registry.test/physics@sha256:1",
              pullSecret: "physics-pull",
              variants: [{ architecture: "arm64", reference: "registry.test/physics-arm@sha256:2" }],
            },
          ],
          volumes: [
            {
              ...{
                name: "physics-data",
                kind: "pvc",
                mountPath: "/datasets/physics",
                claim: "volume-physics-data",
              },
              ...{ readOnly: false, env: {} },
            },
            {
              ...{ name: "physics-keys", kind: "env", mountPath: null, claim: null },
              ...{ readOnly: true, env: { KEY: "physics-token" } },
            },
          ],
          sharedVolume: { claim: "group-physics" },
          culling: { policy: "idle", idleSeconds: 3600, maxAgeSeconds: 86400 },
        },
      ],
    },
  },
};

describe("the API over HTTP", () => {
  const open: Library[] = [];
  const start = async (options: LibraryOptions = {}): Promise<Library> => {
    const running = await library(options);
    open.push(running);
    return running;
  };
  afterEach(() => Promise.all(open.splice(0).map((running) => running.close())));
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ query: "{ me { name } }" });

  it("answers a person, and lets no cache keep it", async () => {
    const { ask, tokenOf } = await start();
    const {
      status,
      headers,
      body: answer,
    } = await ask("public", await tokenOf("ada"), "{ me { name email isAdmin } }");
    assert.deepEqual(
      [status, answer],
      [200, { data: { me: { name: "ada", email: "ada@physics.test", isAdmin: false } } }],
    );
    assert.deepEqual([headers["cache-control"], headers["x-content-type-options"]], ["no-store", "nosniff"]);
  });

  it("gives a server the whole launch context", async () => {
    const { ask } = await start();
    const { body: answer } = await ask("internal", SECRET, launchQuery);
    assert.deepEqual(answer, launchAnswer);
  });

  it("asks who it is at every request: membership ends with the next one, a disabled user's token at once", async () => {
    const { ask, tokenOf, keycloak } = await start();
    const token = await tokenOf("ada");
    const groups = async (): Promise<unknown> => (await ask("public", token, "{ me { groups { name } } }")).body.data;
    assert.deepEqual(await groups(), { me: { groups: [{ name: "physics" }] } });
    keycloak.users.set("ada", { groups: ["everyone"] });
    assert.deepEqual(await groups(), { me: { groups: [] } });
    keycloak.users.set("ada", { id: "another", groups: ["physics"] });
    assert.equal((await ask("public", token, "{ me { name } }")).status, 401);
    keycloak.users.set("ada", { enabled: false });
    assert.equal((await ask("public", token, "{ me { name } }")).status, 401);
  });

  it("says that people are not known while Keycloak is down, and whoever asks is not told why", async () => {
    const { ask, tokenOf, keycloak } = await start();
    const token = await tokenOf("ada");
    keycloak.down = true;
    assert.deepEqual(problem(await ask("public", token, "{ me { name } }")), [
      ...[503, "UNAVAILABLE", "people and groups are not known now: try again"],
    ]);
  });

  const turned: readonly [what: string, request: object, status: number][] = [
    ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "query={me{name}}" }, 415],
    ["plain text", { headers: { "content-type": "text/plain" }, body }, 415],
    ["a multipart form", { headers: { "content-type": "multipart/form-data; boundary=x" }, body: "--x--" }, 415],
    ["a query in the address", { method: "GET", path: "/graphql?query={me{name}}" }, 405],
    ["another path", { path: "/graphiql", headers: json }, 404],
    ["a page of another site", { method: "OPTIONS", headers: { origin: "https://evil.test" } }, 403],
    ["nobody", { headers: json, body }, 401],
    ["a basic login", { headers: { ...json, authorization: "Basic YTpi" }, body }, 401],
  ];
  for (const [what, request, status] of turned) {
    it(`turns ${what} away with ${status}`, async () => {
      const { send } = await start();
      const answer = await send("public", request);
      assert.equal(answer.status, status);
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
    });
  }

  it("lets pages of the console ask, on the public port only", async () => {
    const { send } = await start();
    const preflight = { method: "OPTIONS", headers: { origin: ORIGIN } };
    const { status, headers } = await send("public", preflight);
    assert.deepEqual([status, headers["access-control-allow-origin"]], [204, ORIGIN]);
    assert.equal((await send("internal", preflight)).status, 403);
  });

  it("refuses bodies that are too large, batches, and what is no JSON", async () => {
    const { send, tokenOf } = await start();
    const headers = { ...json, authorization: `Bearer ${await tokenOf("ada")}` };
    const statusOf = async (text: string): Promise<number> => (await send("public", { headers, body: text })).status;
    assert.equal(
      await statusOf(JSON.stringify({ query: "{ me { name } }", variables: { a: "x".repeat(70_000) } })),
      413,
    );
    assert.equal(await statusOf(`[${body},${body}]`), 400);
    assert.equal(await statusOf("{"), 400);
  });

  const greedy: readonly [query: string, message: RegExp][] = [
    [`{ ${Array.from({ length: 16 }, (_, i) => `a${i}: me { name }`).join(" ")} }`, /aliases 16, at most 15/],
    ["{ groups(first: 200) { members(first: 200) { name } } }", /cost 40201, at most 10000/],
    ["query($n: Int) { groups(first: $n) { members(first: $n) { name } } }", /cost 40201, at most 10000/],
    ["{ me { groups { name } } } fragment A on Me { ...B } fragment B on Me { ...A }", /Cannot spread fragment/],
    [`{ ${"me { name } ".repeat(300)} }`, /more that 1000 tokens|more than 1000 tokens/],
  ];
  for (const [query, message] of greedy) {
    it(`refuses ${query.slice(0, 60)}`, async () => {
      const { ask, tokenOf } = await start();
      const { body: answer } = await ask("public", await tokenOf("root"), query);
      assert.equal(answer.data, undefined);
      assert.match(answer.errors?.[0]?.message ?? "", message);
    });
  }

  it("shows its schema to people, and to nobody else", async () => {
    const { ask, tokenOf } = await start();
    const query = getIntrospectionQuery();
    const person = await ask("public", await tokenOf("eve"), query);
    assert.equal(person.body.errors, undefined);
    assert.equal((await ask("public", undefined, query)).status, 401);
    const server = await ask("internal", SECRET, query);
    assert.match(server.body.errors?.[0]?.message ?? "", /introspection has been disabled/);
  });

  it("is busy or not ready in words, and says nothing of what broke inside", async () => {
    const busy = await start({ listener: { maxCalls: 0 } });
    assert.deepEqual(problem(await busy.ask("internal", SECRET, "{ me { name } }")), [
      ...[503, "UNAVAILABLE", "too many requests at once: try again"],
    ]);
    const early = await start({ listener: { problem: () => "groups are not known yet" } });
    assert.deepEqual(problem(await early.ask("internal", SECRET, "{ me { name } }")), [
      ...[503, "UNAVAILABLE", "groups are not known yet: try again"],
    ]);
    const broken = await start();
    broken.keycloak.get = () => Promise.reject(new Error("password=1 at file.ts:1"));
    const told = await broken.ask("internal", SECRET, '{ launchContext(user: "ada") { user { name } } }');
    assert.deepEqual(
      [told.status, told.body.errors?.map(({ message, extensions }) => [message, extensions])],
      [200, [["something went wrong here: try again, and tell the administrators if it stays", { code: "INTERNAL" }]]],
    );
    assert.doesNotMatch(told.text, /password|file\.ts/);
  });

  it("gives up on what takes too long", async () => {
    const slow = await start({ timeoutMs: 20 });
    slow.keycloak.get = () => new Promise(() => undefined);
    const answer = await slow.ask("internal", SECRET, '{ launchContext(user: "ada") { user { name } } }');
    assert.equal(answer.body.errors?.[0]?.message, "no answer within 20 ms: ask for less, or try again");
  });

  it("writes a line for each request, never with a token, a secret or a query in it", async () => {
    const { ask, tokenOf, lines, metrics } = await start();
    const token = await tokenOf("ada");
    await ask("public", token, "query Mine { me { name } }");
    await ask("public", `${token}x`, "{ me { name } }");
    await ask("internal", SECRET, '{ usage(group: "physics") { used { pods } } }');
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>).map(({ time, ms, ...rest }) => rest);
    const request = { level: "info", event: "request" };
    assert.deepEqual(told, [
      { ...request, listener: "public", status: 200, caller: "person", user: "ada", operation: "Mine" },
      { level: "info", event: "unauthenticated", listener: "public", reason: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" },
      { ...request, listener: "public", status: 401, caller: "nobody" },
      { ...request, listener: "internal", status: 200, caller: "server", errors: "FORBIDDEN" },
    ]);
    for (const secret of [token, token.slice(-20), SECRET, "physics"]) assert.ok(!lines.join("").includes(secret));
    const text = metrics.render([]);
    assert.match(text, /carrel_api_requests_total\{listener="public",status="401"\} 1\n/);
    assert.match(text, /carrel_api_unauthenticated_total\{listener="public"\} 1\n/);
    assert.match(text, /carrel_api_errors_total\{code="FORBIDDEN"\} 1\n/);
  });
});
