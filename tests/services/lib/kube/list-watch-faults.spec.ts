import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import { FakeCollection } from "./fake-collection.ts";
import { json, type ScriptedServer, scriptedServer, text } from "./scripted-server.ts";
import { startWatch, until, type Watching } from "./watching.ts";

describe("ListWatch, how long it waits", () => {
  let server: ScriptedServer;
  let watching: Watching | undefined;
  beforeEach(async () => {
    server = await scriptedServer();
  });
  afterEach(async () => {
    await watching?.stop();
    await server.close();
  });

  const list = json(200, { items: [], metadata: { resourceVersion: "1" } });
  const refuse = json(503, { kind: "Status", message: "starting" });
  const bookmark = text(200, '{"type":"BOOKMARK","object":{"metadata":{"name":"","resourceVersion":"2"}}}\n');
  const sleeps = (one: Watching, count: number): Promise<void> =>
    until(`${count} pauses`, () => one.clock.slept.length >= count);

  it("doubles from 0.8 s up to 30 s while the list fails", async () => {
    server.fallback = refuse;
    const one = startWatch(server.url);
    watching = one;
    await sleeps(one, 8);
    assert.deepEqual(one.clock.slept.slice(0, 8), [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    assert.equal(one.reasons[0], "starting");
    assert.deepEqual([one.watch.synced, one.watch.relists], [false, 0]);
  });

  it("spreads each pause from a half to one and a half", async () => {
    for (const [random, pauses] of [
      [0, [400, 800, 1600]],
      [0.75, [1000, 2000, 4000]],
    ] as const) {
      server.fallback = refuse;
      const one = startWatch(server.url, { random: () => random });
      await sleeps(one, 3);
      await one.stop();
      assert.deepEqual(one.clock.slept.slice(0, 3), pauses);
    }
  });

  it("does not list again for a watch that fails, and waits longer each time", async () => {
    server.next.push(list);
    server.fallback = refuse;
    const one = startWatch(server.url);
    watching = one;
    await sleeps(one, 3);
    assert.deepEqual([one.watch.relists, one.clock.slept.slice(0, 3)], [1, [800, 1600, 3200]]);
  });

  it("waits longer each time while every watch is too old at once", async () => {
    server.fallback = (seen, response) =>
      seen.query["watch"] ? json(410, { kind: "Status", code: 410 })(seen, response) : list(seen, response);
    const one = startWatch(server.url);
    watching = one;
    await sleeps(one, 3);
    assert.deepEqual(one.clock.slept.slice(0, 3), [800, 1600, 3200]);
  });

  it("waits as after an error for a server that ends each watch without an event", async () => {
    server.next.push(list);
    server.fallback = text(200, "");
    const one = startWatch(server.url);
    watching = one;
    await sleeps(one, 3);
    assert.deepEqual([one.clock.slept.slice(0, 3), one.watch.relists], [[800, 1600, 3200], 1]);
    assert.equal(one.reasons[0], "the watch ended without an event");
  });

  it("waits as long as the server asks for, half a minute at most", async () => {
    const busy = (seconds: string) => json(429, { kind: "Status", message: "too many" }, { "retry-after": seconds });
    server.next.push(list, busy("5"), busy("1"), busy("600"));
    server.fallback = refuse;
    const one = startWatch(server.url);
    watching = one;
    await sleeps(one, 4);
    assert.deepEqual(one.clock.slept.slice(0, 4), [5_000, 1_600, 30_000, 6_400]);
  });

  it("counts as never listed while something cannot be taken in, and lists until it can", async () => {
    const pod = (resourceVersion: string): object => ({ metadata: { name: "a", uid: "u", resourceVersion } });
    const whole = json(200, { items: [pod("3")], metadata: { resourceVersion: "3" } });
    server.next.push(list, text(200, `${JSON.stringify({ type: "ADDED", object: pod("2") })}\n`), whole, whole, whole);
    server.fallback = bookmark;
    const told: string[] = [];
    const synced: boolean[] = [];
    let failures = 3;
    const added = ({ metadata }: KubeObject): void => {
      if (failures-- > 0) throw new Error("no room");
      told.push(metadata.resourceVersion ?? "");
    };
    const one = startWatch(server.url, { handlers: { added } });
    watching = one;
    const { clock } = one;
    const sleep = clock.sleep;
    clock.sleep = (ms) => {
      synced.push(one.watch.synced);
      return sleep(ms);
    };
    await until("told", () => told.length > 0);
    const reason = "what the API server said could not be taken in: no room";
    assert.deepEqual(one.reasons.slice(0, 3), [reason, reason, reason]);
    assert.deepEqual(synced.slice(0, 3), [false, false, false]);
    assert.deepEqual([told, one.watch.synced, one.watch.store.size], [["3"], true, 1]);
  });

  it("begins anew after a watch that worked, however it ended", async () => {
    const breaks = (): void =>
      void server.next.push((_seen, response) => {
        response.writeHead(200);
        response.write('{"type":"BOOKMARK","object":{"metadata":{"name":"","resourceVersion":"2"}}}\n{', () =>
          setImmediate(() => response.destroy()),
        );
      });
    server.next.push(list, refuse, refuse);
    breaks();
    server.next.push(refuse, bookmark);
    server.fallback = refuse;
    const one = startWatch(server.url);
    watching = one;
    await sleeps(one, 6);
    assert.deepEqual(one.clock.slept.slice(0, 6), [800, 1600, 800, 1600, 800, 1600]);
  });
});

const names = fc.constantFrom("a", "b", "c", "d", "e");
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), name: names }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), name: names }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...([
          "settle",
          "bookmark",
          "end",
          "break",
          "half-line",
          "garbage",
          "error",
          "gone",
          "compact",
          "miss",
        ] as const),
        ...(["refuse", "empty-answer", "gone-in-stream", "gone-as-status"] as const),
      ),
      name: names,
    }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const half = '{"type":"DELETED","object":{"metadata":{"name":"a","uid":"uid-1"';

async function happen(server: FakeCollection, one: Watching, { do: what, name }: Event): Promise<void> {
  const acts: Record<Event["do"], () => void | Promise<void>> = {
    put: () => server.put(name),
    delete: () => server.delete(name),
    settle: () => until("an open watch", () => server.watchers.size === 1 && one.watch.synced),
    bookmark: () => server.bookmark(),
    end: () => server.drop("end"),
    break: () => server.drop("break"),
    "half-line": () => {
      server.send(half);
      server.drop("break");
    },
    garbage: () => server.send("\u0000{]\n"),
    error: () => server.error({ kind: "Status", code: 500, message: "no leader" }),
    gone: () => server.error({ kind: "Status", code: 410, message: "too old" }),
    compact: () => server.compact(),
    miss: () => {
      server.drop("break");
      server.delete(name);
      server.compact();
    },
    refuse: () => void server.http.next.push(json(503, { kind: "Status" }), (_seen, response) => response.destroy()),
    "empty-answer": () => void server.http.next.push((_seen, response) => response.destroy()),
    "gone-in-stream": () => server.answerGone("in-stream"),
    "gone-as-status": () => server.answerGone("as-status"),
  };
  await acts[what]();
}

/** What a listener that believes the handlers would know. */
function listener(known: Map<string, KubeObject>) {
  return {
    added: (now: KubeObject): void => {
      assert.ok(!known.has(now.metadata.name), "added twice");
      known.set(now.metadata.name, now);
    },
    updated: (now: KubeObject): void => void known.set(now.metadata.name, now),
    deleted: (old: KubeObject): void => void assert.ok(known.delete(old.metadata.name), "deleted twice"),
  };
}

const sorted = (objects: Iterable<KubeObject>): KubeObject[] =>
  [...objects].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

async function survives(events: readonly Event[]): Promise<void> {
  const server = await FakeCollection.start();
  server.put("a");
  const known = new Map<string, KubeObject>();
  const one = startWatch(server.http.url, { handlers: listener(known) });
  try {
    for (const each of events) await happen(server, one, each);
    server.put("last");
    const last = (): string | undefined => one.watch.store.get("last")?.metadata.resourceVersion;
    await until("the last change", () => last() === server.objects.get("last")?.metadata.resourceVersion);
    assert.deepEqual(sorted(one.watch.store.values()), server.listed());
    assert.deepEqual(sorted(known.values()), server.listed());
  } finally {
    await one.stop();
    await server.http.close();
  }
}

describe("ListWatch, after any faults", () => {
  it("has a store that equals the server, and told its handlers so", async function () {
    this.timeout(20_000);
    await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 25 }), survives), { numRuns: 120 });
  });
});
