import assert from "node:assert/strict";
import { denial } from "../../../../quota/denial.ts";
import type { KeyPair } from "../../../../services/admission/certificates.ts";
import { Caller, listening, reviewOf } from "../https-server.ts";
import { selfSigned } from "../key-pair.ts";
import { ask, labels } from "../quota-review.ts";

const never = (): Promise<never> => new Promise(() => {});
const status = (code: number, reason: string, message: string, details: object) => ({
  uid: "7",
  allowed: false,
  status: { status: "Failure", code, reason, message, details: { kind: "pods", ...details } },
});
const LATE = "no decision was possible within the call's time: try again";
const BUSY = "overloaded: too many reviews are under way: try again";

describe("CallHandler", () => {
  let pair: KeyPair;
  let caller: Caller;
  const start = async (calls = 512): Promise<void> => {
    caller = new Caller(pair, pair.cert, { calls });
    await listening(caller.server);
  };
  const events = (): unknown[] => caller.lines.map(({ event }) => event);
  const counts = (): string[] => caller.metrics.requests.render().split("\n").slice(2, -1);
  const failed = async (path: string, body?: string): Promise<[number, string]> => {
    const { code, body: text } = await caller.send(path, body);
    return [code, text];
  };

  before(async () => {
    pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
  });
  afterEach(async () => {
    await caller.close();
    assert.equal(caller.calls.count, 0);
  });

  it("answers a review with the verdict, counts it and says it in the log", async () => {
    await start();
    const allowed =
      '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"7","allowed":true}}';
    const { code, body, headers } = await caller.send("/quota?timeout=5s");
    assert.deepEqual([code, body, headers["content-type"]], [200, allowed, "application/json"]);
    caller.webhooks["/quota"] = async () => denial("GroupUnknown", "why");
    const causes = [{ reason: "GroupUnknown", message: "why" }];
    assert.deepEqual(await caller.response("/quota"), status(403, "Forbidden", "why", { causes }));
    assert.deepEqual(counts(), [
      'carrel_admission_requests_total{webhook="quota",operation="CREATE",outcome="Allowed"} 1',
      'carrel_admission_requests_total{webhook="quota",operation="CREATE",outcome="GroupUnknown"} 1',
    ]);
    assert.match(caller.metrics.duration.render(), /carrel_admission_duration_seconds_count\{webhook="quota"\} 2\n/);
    const line = {
      level: "info",
      event: "decided",
      webhook: "quota",
      operation: "CREATE",
      subResource: "",
      namespace: "work",
      name: "pod",
      dryRun: false,
      operations: 0,
    };
    assert.deepEqual(caller.lines, [
      { ...line, outcome: "Allowed" },
      { ...line, outcome: "GroupUnknown" },
    ]);
  });

  it("says whose pod it was, and what the name will begin with that the API server still makes", async () => {
    await start();
    const labels = { "carrel.dev/group": "physics", "carrel.dev/user": "ada", secret: "s" };
    await caller.send("/quota", reviewOf({ object: { metadata: { generateName: "job-", labels }, spec: {} } }));
    await caller.send("/quota", reviewOf({ name: "own", object: { metadata: {}, spec: {} } }));
    const subjects = caller.lines.map(({ name, group }) => ({ name, group }));
    assert.deepEqual(subjects, [
      { name: "job-*", group: "physics" },
      { name: "own", group: undefined },
    ]);
    assert.doesNotMatch(JSON.stringify(caller.lines), /secret/);
  });

  it("answers 404 for any other path, and names those that there are", async () => {
    await start();
    for (const path of ["/", "/quota/", "/QUOTA", "/constructor", "/__proto__", "//quota"]) {
      assert.deepEqual(await failed(path), [404, `there is no webhook at ${path}: there are /quota, /mutate\n`]);
    }
  });

  it("answers 405 with the method that is allowed, to HEAD without a text", async () => {
    await start();
    const [got, head] = [
      await caller.send("/quota", "", { method: "GET" }),
      await caller.send("/quota", "", { method: "HEAD" }),
    ];
    assert.deepEqual(
      [got.code, got.headers["allow"], got.body],
      [405, "POST", "GET is not allowed: POST an AdmissionReview\n"],
    );
    assert.deepEqual([head.code, head.headers["allow"], head.body], [405, "POST", ""]);
  });

  it("answers 400 for what is no review of version v1, at either kind of webhook", async () => {
    await start();
    const v1beta1 = reviewOf({}, { apiVersion: "admission.k8s.io/v1beta1" });
    const named =
      'the body must be "admission.k8s.io/v1" "AdmissionReview", got "admission.k8s.io/v1beta1" "AdmissionReview"\n';
    for (const path of ["/quota", "/mutate"]) {
      assert.deepEqual(await failed(path, v1beta1), [400, named]);
      assert.equal((await failed(path, ""))[0], 400);
      assert.equal((await failed(path, "{"))[0], 400);
      assert.equal((await failed(path, reviewOf({ uid: 7 })))[0], 400);
    }
    assert.deepEqual(new Set(events()), new Set(["no-verdict"]));
    assert.deepEqual(counts(), []);
  });

  it("lives on after bodies that are nested beyond measure", async () => {
    await start();
    const deep = "[".repeat(100_000);
    for (const body of [deep, `${deep}${"]".repeat(100_000)}`, '{"a":'.repeat(100_000)]) {
      assert.equal((await failed("/quota", body))[0], 400);
    }
    const nested = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const review = reviewOf().replace('"containers":', `"other":${nested},"containers":`);
    assert.deepEqual(await caller.response("/quota", review), { uid: "7", allowed: true });
    caller.webhooks["/mutate"] = async ({ object }) => ({ operations: [{ op: "add", path: "/a", value: object }] });
    const [code, text] = await failed("/mutate", review);
    assert.deepEqual([code, /call stack/.test(text)], [500, true]);
  });

  it("denies a review that it cannot read where it fails closed, and fails the call where it does not", async () => {
    await start();
    caller.webhooks["/quota"] = never;
    const message = "the review cannot be read: object must be an object, got a list";
    const causes = [{ reason: "ReviewUnreadable", message, field: "object" }];
    const body = reviewOf({ object: [], operation: "CREATE" });
    assert.deepEqual(await caller.response("/quota", body), status(403, "Forbidden", message, { causes }));
    assert.deepEqual(await failed("/mutate", body), [400, `${message}\n`]);
    assert.deepEqual(counts(), [
      'carrel_admission_requests_total{webhook="quota",operation="unknown",outcome="ReviewUnreadable"} 1',
    ]);
    const { name, operation, ...rest } = caller.lines[0]!;
    assert.deepEqual([name, operation, rest["outcome"]], ["", undefined, "ReviewUnreadable"]);
  });

  it("checks what a pod takes only for the webhook that counts it", async () => {
    await start();
    const body = reviewOf({ object: { metadata: {}, spec: { containers: "none" } } });
    assert.equal((await caller.response("/quota", body))["allowed"], false);
    assert.equal((await caller.response("/mutate", body))["allowed"], true);
  });

  it("denies what a webhook fails to tell where it fails closed, and answers 500 where it does not", async () => {
    await start();
    for (const fail of [
      () => Promise.reject(new Error("no")),
      () => {
        throw new Error("no");
      },
    ]) {
      caller.webhooks["/quota"] = fail;
      caller.webhooks["/mutate"] = fail;
      const causes = [{ reason: "StateUnknown", message: "no decision was possible: no" }];
      assert.deepEqual(
        await caller.response("/quota"),
        status(403, "Forbidden", "no decision was possible: no", { causes }),
      );
      assert.deepEqual(await failed("/mutate"), [500, "no\n"]);
    }
  });

  it("gives a webhook 80 % of the API server's patience, and answers when that is over", async () => {
    await start();
    const given: number[] = [];
    for (const path of ["/quota", "/mutate"]) {
      caller.webhooks[path] = (_review, deadlineMs) => {
        given.push(deadlineMs - performance.now());
        return never();
      };
    }
    const causes = [{ reason: "StateUnknown", message: LATE }];
    assert.deepEqual(await caller.response("/quota?timeout=500ms"), status(403, "Forbidden", LATE, { causes }));
    assert.deepEqual(await failed("/mutate?timeout=500ms"), [504, `${LATE}\n`]);
    assert.ok(given.length === 2 && given.every((ms) => ms <= 400 && ms > 0), given.join(", "));
    assert.deepEqual(events(), ["decided", "no-verdict"]);
  });

  it("gives nobody what is decided too late", async () => {
    await start();
    let decide = (): void => {};
    caller.webhooks["/quota"] = () =>
      new Promise((resolve) => {
        decide = () => resolve(undefined);
      });
    assert.equal((await caller.response("/quota?timeout=500ms"))["allowed"], false);
    decide();
    assert.equal((await caller.response("/mutate"))["allowed"], true);
    assert.deepEqual(counts(), [
      'carrel_admission_requests_total{webhook="quota",operation="CREATE",outcome="StateUnknown"} 1',
      'carrel_admission_requests_total{webhook="mutate",operation="CREATE",outcome="Allowed"} 1',
    ]);
  });

  it("sheds at once what is more than it may work on: a denial to be tried again, or a failed call", async () => {
    await start(1);
    let decide = (): void => {};
    caller.webhooks["/quota"] = () =>
      new Promise((resolve) => {
        decide = () => resolve(undefined);
      });
    const first = caller.send("/quota", reviewOf(), { agent: false });
    while (caller.calls.count === 0) await new Promise((resolve) => setImmediate(resolve));
    const causes = [{ reason: "Overloaded", message: BUSY }];
    const shed = status(429, "TooManyRequests", BUSY, { causes, retryAfterSeconds: 1 });
    assert.deepEqual(await caller.response("/quota"), shed);
    assert.deepEqual(await caller.response("/quota", reviewOf({ object: null })), shed);
    const { code, body, headers } = await caller.send("/mutate");
    assert.deepEqual([code, body, headers["retry-after"]], [503, `${BUSY}\n`, "1"]);
    decide();
    assert.equal((await first).code, 200);
    assert.equal((await caller.response("/mutate"))["allowed"], true);
    assert.deepEqual(caller.metrics.shed.render().split("\n").slice(2, -1), [
      'carrel_admission_shed_total{webhook="quota",cause="calls"} 2',
      'carrel_admission_shed_total{webhook="mutate",cause="calls"} 1',
    ]);
    assert.deepEqual(events(), ["shedding", "decided", "decided"]);
    assert.deepEqual(caller.lines[0], {
      level: "warn",
      event: "shedding",
      webhook: "quota",
      cause: "calls",
      underWay: 1,
    });
  });

  it("keeps a connection whatever it answers, and ends it with the answer while it drains", async () => {
    await start();
    const replies = [await caller.send("/quota"), await caller.send("/quota", "{"), await caller.send("/none")];
    caller.draining = true;
    const last = await caller.send("/quota");
    assert.deepEqual(
      [...replies, last].map(({ port }) => port),
      new Array(4).fill(last.port),
    );
    assert.deepEqual([last.code, last.headers["connection"]], [200, "close"]);
    const next = await caller.send("/quota");
    assert.deepEqual([next.code, next.port === last.port], [200, false]);
  });
});

describe("a malformed review of /quota", () => {
  let caller: Caller;
  before(async () => {
    const pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
    caller = new Caller(pair, pair.cert);
    // The real webhook, before a ledger that would let everything in.
    caller.webhooks["/quota"] = async (review) => (await ask(review))[0];
    await listening(caller.server);
  });
  after(() => caller.close());

  const object = {
    metadata: { uid: "u", labels },
    spec: { containers: [{ name: "main", resources: { limits: { cpu: "1", memory: "1Gi" } } }] },
  };
  const text = (request: object = {}): string => reviewOf({ object, ...request });
  const inside = (what: string, more: string): string => text().replace(what, `${more}${what}`);

  it("is one fault away from a review that is allowed", async () => {
    assert.deepEqual(await caller.response("/quota", text()), { uid: "7", allowed: true });
  });

  const spec = (change: object): object => ({ object: { ...object, spec: { ...object.spec, ...change } } });
  const denied: Readonly<Record<string, string>> = {
    "no object": text({ object: undefined }),
    "null for an object": text({ object: null }),
    "a second object that is null": inside(',"uid"', "").replace(/}}$/, ',"object":null}}'),
    "a list for an object": text({ object: [object] }),
    "a text for an object": text({ object: JSON.stringify(object) }),
    "an object below __proto__": text({ object: undefined }).replace(
      /}}$/,
      `,"__proto__":{"object":${JSON.stringify(object)}}}}`,
    ),
    "labels below __proto__": text({ object: { ...object, metadata: { uid: "u" } } }).replace(
      '"metadata":{',
      `"metadata":{"__proto__":{"labels":${JSON.stringify(labels)}},"constructor":{"labels":{}},`,
    ),
    "a second group that is a number": text().replace(/("carrel.dev\/group":"g")/, '$1,"carrel.dev/group":1'),
    "a list for labels": text({ object: { ...object, metadata: { uid: "u", labels: Object.entries(labels) } } }),
    "null for labels": text({ object: { ...object, metadata: { uid: "u", labels: null } } }),
    "no spec": text({ object: { metadata: object.metadata } }),
    "null for a spec": text({ object: { ...object, spec: null } }),
    "a map for containers": text(spec({ containers: { main: {} } })),
    "a map for init containers": text(spec({ initContainers: { main: {} } })),
    "null among containers": text(spec({ containers: [null] })),
    "a quantity that is a list": text(spec({ overhead: { cpu: ["1"] } })),
    "a quantity beyond all numbers": text(spec({ overhead: { cpu: 1 } })).replace('{"cpu":1}', '{"cpu":1e400}'),
    "an operation that there is not": text({ operation: "create" }),
    "no operation": text({ operation: undefined }),
    "a second operation that is null": text().replace('"operation":"CREATE"', '"operation":"CREATE","operation":null'),
    "no resource": text({ resource: undefined }),
    "a resource that is a text": text({ resource: "pods" }),
    "a dry run that is a text": text({ dryRun: "true" }),
    "an update of nothing": text({ operation: "UPDATE", subResource: "resize" }),
    "ten thousand containers, one of which states nothing": text(
      spec({ containers: [...Array.from({ length: 9_999 }, () => object.spec.containers[0]), { name: "last" }] }),
    ),
  };
  for (const [what, body] of Object.entries(denied)) {
    it(`is denied with its uid: ${what}`, async () => {
      const { uid, allowed } = await caller.response("/quota", body);
      assert.deepEqual({ uid, allowed }, { uid: "7", allowed: false });
    });
  }

  it("is decided by the last of two objects and answered to the last of two uids, which Go reads too", async () => {
    const other = JSON.stringify({ metadata: { uid: "u" }, spec: object.spec });
    const second = text().replace(/}}$/, `,"uid":"8","object":${other}}}`);
    const { uid, allowed } = await caller.response("/quota", second);
    assert.deepEqual({ uid, allowed }, { uid: "8", allowed: false });
  });

  it("is a failed call where it has no uid that is a text, or a second request that is none", async () => {
    for (const body of [text({ uid: 7 }), text({ uid: ["7"] }), text().replace(/}$/, ',"request":null}')]) {
      assert.equal((await caller.send("/quota", body)).code, 400);
    }
  });

  it("is answered to a uid of any letters", async () => {
    for (const uid of ['"', "\\ud800", "\u2028", "__proto__", "x".repeat(10_000)]) {
      const body = text({ uid: "@" }).replace('"@"', uid.startsWith("\\u") ? `"${uid}"` : JSON.stringify(uid));
      const expected = uid.startsWith("\\u") ? "\ud800" : uid;
      assert.deepEqual(await caller.response("/quota", body), { uid: expected, allowed: true });
    }
  });
});
