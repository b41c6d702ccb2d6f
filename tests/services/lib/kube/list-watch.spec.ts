import assert from "node:assert/strict";
import { mock } from "node:test";
import type { ListWatchOptions } from "../../../../services/lib/kube/list-watch.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import { FakeCollection } from "./fake-collection.ts";
import { json } from "./scripted-server.ts";
import { startWatch, until, type Watching } from "./watching.ts";

const nameOf = ({ metadata }: KubeObject): string => `${metadata.name}@${metadata.resourceVersion}`;

describe("ListWatch", () => {
  let server: FakeCollection;
  let watching: Watching | undefined;
  beforeEach(async () => {
    server = await FakeCollection.start();
  });
  afterEach(async () => {
    mock.timers.reset();
    await watching?.stop();
    watching = undefined;
    await server.http.close();
  });

  const start = (options: Partial<ListWatchOptions<KubeObject>> = {}): Watching => {
    watching = startWatch(server.http.url, options);
    return watching;
  };
  /** Until so many watches were begun and one of them is open. */
  const connected = (begun = 1): Promise<void> =>
    until("a watch is open", () => server.watchers.size === 1 && asked().length > begun);
  const stored = ({ watch }: Watching): string[] => [...watch.store.values()].map(nameOf).sort();
  const seesAll = (one: Watching): Promise<void> =>
    until("the store is equal", () => stored(one).join() === server.listed().map(nameOf).join());
  /** The requests: `list`, `version` for a list of nothing, or `watch` with the version that it began at. */
  const asked = (): string[] =>
    server.http.seen.map(({ query }) => {
      if (query["watch"]) return `watch ${query["resourceVersion"]}`;
      return query["fieldSelector"] === "metadata.name=none" ? "version" : "list";
    });

  it("takes a list in pages, then every event of a watch", async () => {
    for (const name of ["a", "b", "c"]) server.put(name);
    const told: string[] = [];
    const one = start({
      namespace: "n",
      labelSelector: "l=1",
      fieldSelector: "f=2",
      handlers: {
        added: (now) => void told.push(`added ${nameOf(now)}`),
        updated: (now) => void told.push(`updated ${nameOf(now)}`),
        deleted: (old) => void told.push(`deleted ${nameOf(old)}`),
      },
    });
    await connected();
    server.put("b");
    server.delete("a");
    server.put("d");
    await until("the last event", () => one.watch.resourceVersion === "106");
    assert.deepEqual(told, [
      "added a@101",
      "added b@102",
      "added c@103",
      "updated b@104",
      "deleted a@101",
      "added d@106",
    ]);
    assert.deepEqual(stored(one), ["b@104", "c@103", "d@106"]);
    const selectors = { labelSelector: "l=1", fieldSelector: "f=2" };
    const watch = { watch: "true", allowWatchBookmarks: "true", resourceVersion: "103", timeoutSeconds: "450" };
    assert.deepEqual(
      server.http.seen.map(({ method, path, query }) => [`${method} ${path}`, query]),
      [
        ["GET /api/v1/namespaces/n/pods", { limit: "100", ...selectors }],
        ["GET /api/v1/namespaces/n/pods", { limit: "100", continue: "2", ...selectors }],
        ["GET /api/v1/namespaces/n/pods", { ...watch, ...selectors }],
      ],
    );
  });

  it("spreads the ends of watches over five minutes", async () => {
    for (const [random, seconds] of [
      [0, "300"],
      [0.999, "600"],
    ] as const) {
      const one = start({ random: () => random });
      await until("a watch is open", () => server.watchers.size === 1);
      assert.equal(server.http.seen.at(-1)?.query["timeoutSeconds"], seconds);
      await one.stop();
      await until("the watch is closed", () => server.watchers.size === 0);
    }
  });

  it("says what it knows and how old that is", async () => {
    server.http.next.push((_seen, response) => response.destroy());
    const progress: string[] = [];
    const one = start({ onProgress: () => void progress.push(one.watch.resourceVersion) });
    assert.deepEqual(
      [one.watch.synced, one.watch.resourceVersion, one.watch.relists, one.watch.lastContactAgeMs()],
      [false, "", 0, Number.POSITIVE_INFINITY],
    );
    await connected();
    await until("the open watch was noticed", () => progress.length === 2);
    one.clock.ms += 1_234;
    assert.deepEqual(
      [one.watch.synced, one.watch.resourceVersion, one.watch.relists, one.watch.lastContactAgeMs()],
      [true, "100", 1, 1_234],
    );
    server.put("a");
    await until("the event", () => one.watch.resourceVersion === "101");
    assert.equal(one.watch.lastContactAgeMs(), 0);
    server.version = 900;
    server.bookmark();
    await until("the bookmark", () => one.watch.resourceVersion === "900");
    assert.deepEqual([progress, stored(one)], [["100", "100", "101", "900"], ["a@101"]]);
  });

  it("keeps of an object only what its projection answers", async () => {
    server.put("a");
    const project = ({ metadata }: KubeObject) => ({ metadata: { ...metadata, labels: { kept: "yes" } } });
    const one = start({ project });
    await connected();
    server.put("b");
    await until("the event", () => one.watch.store.size === 2);
    const metadata = (name: string, uid: string, resourceVersion: string) => ({
      metadata: { name, uid, resourceVersion, labels: { kept: "yes" } },
    });
    assert.deepEqual([...one.watch.store.values()], [metadata("a", "uid-1", "101"), metadata("b", "uid-2", "102")]);
    server.delete("a");
    await until("the deletion", () => one.watch.store.size === 1);
  });

  it("has no managed fields, neither from lists nor from watches", async () => {
    const managedFields = [{ manager: "hub", fieldsV1: { "f:spec": {} } }];
    server.put("a", { managedFields });
    const one = start();
    await connected();
    server.put("b", { managedFields });
    await until("the event", () => one.watch.store.size === 2);
    assert.deepEqual(
      [...one.watch.store.values()].map(({ metadata }) => metadata),
      [
        { name: "a", uid: "uid-1", resourceVersion: "101" },
        { name: "b", uid: "uid-2", resourceVersion: "102" },
      ],
    );
  });

  it("goes on where it was when a watch ends in good order, without a pause", async () => {
    const one = start();
    await connected();
    server.put("a");
    await seesAll(one);
    server.drop("end");
    server.put("b");
    server.delete("a");
    await seesAll(one);
    assert.deepEqual([asked(), one.clock.slept, one.reasons], [["list", "watch 100", "watch 101"], [], []]);
  });

  it("goes on from a bookmark, so that an old watch need not list again", async () => {
    const one = start();
    await connected();
    server.compact();
    server.bookmark();
    await until("the bookmark", () => one.watch.resourceVersion === "101");
    server.drop("break");
    server.put("a");
    await seesAll(one);
    assert.deepEqual(asked(), ["list", "watch 100", "watch 101"]);
  });

  it("loses nothing when a connection breaks within a line", async () => {
    const one = start();
    await connected();
    server.put("a");
    await seesAll(one);
    server.send('{"type":"ADDED","object":{"metadata":{"name":"half"');
    server.drop("break");
    server.put("b");
    await seesAll(one);
    assert.deepEqual([asked(), one.clock.slept], [["list", "watch 100", "watch 101"], [800]]);
    assert.deepEqual(one.reasons, ["aborted"]);
  });

  it("joins a line that comes in two halves", async () => {
    const one = start();
    await connected();
    server.send('{"type":"BOOKMARK","object":{"metadata":{"na');
    server.send('me":"","resourceVersion":"200"}}}\n');
    await until("the bookmark", () => one.watch.resourceVersion === "200");
    assert.deepEqual(one.reasons, []);
  });

  for (const goneInStream of [true, false]) {
    it(`lists again after 410 ${goneInStream ? "in the stream" : "as a status"}`, async () => {
      server.answerGone(goneInStream ? "in-stream" : "as-status");
      const one = start();
      await connected();
      server.put("a");
      server.put("b");
      await seesAll(one);
      server.drop("break");
      server.delete("a");
      server.put("c");
      server.compact();
      await seesAll(one);
      await connected();
      assert.deepEqual(asked(), ["list", "watch 100", "watch 102", "list", "watch 105"]);
      assert.deepEqual([one.watch.relists, one.reasons], [2, ["aborted", "too old resource version"]]);
    });
  }

  it("lists again after an error that only says Expired", async () => {
    const one = start();
    await connected();
    server.error({ kind: "Status", reason: "Expired", message: "too old" });
    await until("the next watch", () => asked().length === 4);
    assert.deepEqual([asked(), one.reasons], [["list", "watch 100", "list", "watch 100"], ["too old"]]);
  });

  it("keeps what it has when the answer is no list", async () => {
    server.put("a");
    const one = start();
    await connected();
    server.error({ kind: "Status", code: 410, message: "too old" });
    server.http.next.push(json(200, { items: [], metadata: {} }));
    await until("the next watch", () => asked().length === 5);
    assert.deepEqual(one.reasons, ["too old", "the list of pods has no resourceVersion"]);
    assert.deepEqual([stored(one), one.watch.relists], [["a@101"], 2]);
  });

  it("ends a list with its signal", async () => {
    server.http.next.push(() => {});
    const one = start();
    await until("the list was asked for", () => asked().length === 1);
    await one.stop();
    assert.deepEqual([asked(), one.watch.synced, one.reasons], [["list"], false, []]);
  });

  it("goes on where it was after another error in the stream, or after a line that is no JSON", async () => {
    const one = start();
    await connected();
    server.error({ kind: "Status", code: 500, message: "etcd has no leader" });
    await until("the error", () => one.reasons.length === 1);
    await connected(2);
    server.error({ kind: "Status" });
    await until("the error", () => one.reasons.length === 2);
    await connected(3);
    server.send("<html>\n");
    await until("the error", () => one.reasons.length === 3);
    await connected(4);
    assert.deepEqual(asked(), ["list", "watch 100", "watch 100", "watch 100", "watch 100"]);
    assert.deepEqual(one.reasons.slice(0, 2), ["etcd has no leader", "the watch ended with an error"]);
    assert.match(one.reasons[2] ?? "", /^Unexpected token '<'/);
  });

  /** Says nothing for 90 s, which is let pass, and for one millisecond more. */
  const fallSilent = async (one: Watching, progress: () => number): Promise<void> => {
    await until("the open watch was noticed", () => progress() === 2);
    one.clock.ms += 90_000;
    mock.timers.tick(5_000);
    await until("a turn", () => true);
    assert.equal(server.watchers.size, 1);
    one.clock.ms += 1;
    mock.timers.tick(1_000);
    await until("the interruption", () => one.reasons.length === 1);
    assert.deepEqual(one.reasons, ["no event and no bookmark for 90000 ms"]);
  };

  it("takes a silent connection for dead after 90 s, and goes on by another one", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    let progress = 0;
    const one = start({ onProgress: () => void progress++ });
    await fallSilent(one, () => progress);
    await until("the next watch", () => asked().length === 4);
    assert.deepEqual([asked(), one.watch.relists], [["list", "watch 100", "version", "watch 100"], 1]);
    await until("the open watch was noticed", () => one.watch.lastContactAgeMs() === 0);
  });

  it("lists again where the silent server is behind, or does not say where it is", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    for (const behind of [true, false]) {
      let progress = 0;
      server.version = 100;
      server.http.seen.length = 0;
      const one = start({ onProgress: () => void progress++ });
      await until("the open watch was noticed", () => progress === 2);
      if (behind) server.version = 50;
      else server.http.next.push(json(500, { kind: "Status" }));
      await fallSilent(one, () => progress);
      const from = behind ? 50 : 100;
      await until("the next watch", () => asked().length === 5);
      assert.deepEqual([asked(), one.watch.relists], [["list", "watch 100", "version", "list", `watch ${from}`], 2]);
      assert.equal(one.watch.resourceVersion, String(from));
      await one.stop();
    }
  });

  it("ends when its signal aborts, and closes its watch", async () => {
    const one = start();
    await connected();
    await one.stop();
    await until("the watch is closed", () => server.watchers.size === 0);
    assert.deepEqual([one.reasons, one.clock.slept], [[], []]);
  });
});
