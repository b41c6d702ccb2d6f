import assert from "node:assert/strict";
import fc from "fast-check";
import { LEDGER_BYTES, type QuotaLedger, type Reservation } from "../../../../crds/quota-ledger.ts";
import type { LedgerStore, StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { common, failure, LedgerApi, LIFE_MS, reservation } from "./ledger-api.ts";

const all = (count: number): Reservation[] => Array.from({ length: count }, (_, i) => reservation(`r${100 + i}`));
const THREE = 3 * (JSON.stringify(reservation("r100")).length + 1);
const uids = ({ entries }: StoredLedger): string[] => entries.reservations.map(({ uid }) => uid).sort();
const entries = (reservations: readonly Reservation[], observedPodVersion = "7") => ({
  observedPodVersion,
  reservations,
});
const written = (stored: StoredLedger | undefined): StoredLedger => {
  assert.ok(stored, "the swap was lost");
  return stored;
};
/** What was begun in the background. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("LedgerStore beyond one object", () => {
  let api: LedgerApi;
  let store: LedgerStore;
  beforeEach(() => {
    api = new LedgerApi();
    store = api.storeWith({ pageBytes: THREE });
  });
  /** A ledger of five reservations: three in a page. */
  const five = async (): Promise<StoredLedger> =>
    written(await store.swap("g", await store.read("g"), entries(all(5))));

  for (const count of [1, 80, 200, 900, 5_000, 20_000]) {
    it(`stores ${count} reservations in objects of at most 256 KiB, and reads them back`, async () => {
      const real = api.storeWith();
      const wanted = entries(Array.from({ length: count }, (_, i) => common(i)));
      const stored = written(await real.swap("g", await real.read("g"), wanted));
      assert.deepEqual(stored.entries, wanted);
      assert.deepEqual((await api.storeWith().read("g")).entries, wanted);
      assert.ok(api.largest <= LEDGER_BYTES, `${api.largest} bytes`);
      assert.equal(api.pages.length > 0, count >= 200, `${api.pages.length} pages`);
    });
  }

  it("writes each reservation a bounded number of times while 6,000 come and go", async () => {
    const real = api.storeWith();
    let stored = await real.read("g");
    let bytes = 0;
    api.prune = (object) => {
      if (object.spec.pageOf !== undefined) bytes += JSON.stringify(object).length;
      return object;
    };
    let open: Reservation[] = [];
    for (let i = 0; i < 6_000; i += 400) {
      open = [...open, ...Array.from({ length: 400 }, (_, k) => common(i + k))];
      stored = written(await real.swap("g", stored, entries(open)));
    }
    const grown = bytes;
    assert.ok(grown < 1.1 * JSON.stringify(open).length, `${grown} bytes for ${JSON.stringify(open).length}`);
    for (let share = 2; open.length > 0; share++) {
      open = open.filter((_, i) => i % share !== 0);
      if (open.length < 100) open = [];
      stored = written(await real.swap("g", stored, entries(open)));
    }
    await quiet();
    assert.ok(bytes < 3 * grown, `${bytes} bytes in all`);
    assert.deepEqual([[...api.objects.keys()], api.largest <= LEDGER_BYTES], [["g"], true]);
  });

  it("writes a page before the ledger refers to it", async () => {
    await five();
    assert.deepEqual(api.calls, ["get g", `create ${api.pages[0]}`, "create g"]);
    assert.deepEqual(api.ledger("g").spec, {
      observedPodVersion: "7",
      pages: [{ name: api.pages[0], open: 3 }],
      reservations: all(5).slice(3),
    });
  });

  it("only notes in the ledger what is gone from a page, and removes the page after it is given up", async () => {
    const base = await five();
    const [name] = api.pages;
    api.calls = [];
    const fewer = written(await store.swap("g", base, entries(all(5).slice(1))));
    assert.deepEqual(api.calls, ["replace g"]);
    assert.deepEqual(api.ledger("g").spec.pages, [{ name, open: 2, gone: "AQ==" }]);
    written(await store.swap("g", fewer, entries(all(5).slice(2))));
    await quiet();
    assert.deepEqual(api.calls, ["replace g", "replace g", `delete ${name}`]);
    assert.deepEqual((await store.read("g")).entries, entries(all(5).slice(2)));
  });

  it("removes a page that is given up also where somebody made it again", async () => {
    const base = await five();
    const [name] = api.pages;
    const page = api.objects.get(name!)!;
    api.objects.set(name!, { ...page, metadata: { ...page.metadata, uid: "another" } });
    written(await store.swap("g", base, entries([])));
    await quiet();
    assert.deepEqual(api.pages, []);
  });

  it("takes its pages away again when somebody else wrote first", async () => {
    const base = await five();
    const others = written(await store.swap("g", base, entries(all(4))));
    const before = api.pages;
    assert.equal(await store.swap("g", base, entries(all(9))), undefined);
    await quiet();
    assert.deepEqual([api.pages, await store.read("g")], [before, others]);
  });

  it("leaves its pages where a write may have come through without an answer", async () => {
    api.after = (verb, name) => {
      if (verb === "create" && name === "g") throw new Error("connection reset");
    };
    await assert.rejects(five(), { message: "connection reset" });
    await quiet();
    assert.deepEqual((await store.read("g")).entries, entries(all(5)));
  });

  it("writes all pages or none, and no ledger then", async () => {
    let creations = 0;
    api.before = (verb) => {
      if (verb === "create" && ++creations === 2) throw failure(503);
    };
    await assert.rejects(store.swap("g", await store.read("g"), entries(all(9))), { name: "KubeError", code: 503 });
    await quiet();
    assert.deepEqual([api.calls.length, api.objects.size], [4, 0]);
  });

  it("does not refer to a page that was not stored as it was written", async () => {
    api.prune = ({ spec: { pageOf: _, nonce: __, ...spec }, ...rest }) => ({ ...rest, spec });
    const message = /^page "ledger-page\.[0-9a-f]{64}" was not stored as it was written: update the definitions$/;
    await assert.rejects(five(), { message });
    await quiet();
    assert.equal(api.objects.size, 0);
  });

  it("reads again when a page was given up between two reads", async () => {
    const base = await five();
    const [name] = api.pages;
    api.before = (verb, asked) => {
      if (verb !== "get" || asked !== name) return;
      api.before = () => {};
      void store.swap("g", base, entries(all(5).slice(3)));
      api.remove(name!);
    };
    assert.deepEqual((await store.read("g")).entries, entries(all(5).slice(3)));
  });

  it("gives up on a ledger that changes faster than it can be read", async () => {
    await five();
    const [name] = api.pages;
    api.remove(name!);
    api.before = (verb, asked) => {
      if (verb === "get" && asked === name) api.edit("g", (spec) => ({ ...spec }));
    };
    await assert.rejects(store.read("g"), {
      message: 'the quota ledger of group "g" changes faster than it can be read',
    });
  });

  it("keeps groups apart, also of names with dots and of 63 characters", async () => {
    const groups = ["a.b", "a", "ledger-page", "ledger-page.0", `${"x".repeat(30)}.${"y".repeat(32)}`];
    for (const [i, group] of groups.entries()) {
      written(await store.swap(group, await store.read(group), entries(all(5 + i))));
    }
    for (const [i, group] of groups.entries()) assert.deepEqual((await store.read(group)).entries, entries(all(5 + i)));
  });

  it("does not take a page for a ledger", async () => {
    await five();
    const [name] = api.pages;
    await assert.rejects(store.read(name!), { message: `quota ledger "${name}" is a page of another` });
    assert.equal(api.storeWith({ watched: (asked) => api.objects.get(asked) }).watched(name!), undefined);
  });

  describe("as the watch has it", () => {
    it("is the same as read, once for each version", async () => {
      await five();
      const watching = api.storeWith({ watched: (name) => api.objects.get(name) });
      assert.deepEqual(watching.watched("g"), await store.read("g"));
      assert.equal(watching.watched("g"), watching.watched("g"));
      assert.equal(watching.watched("h"), undefined);
      api.calls = [];
      assert.deepEqual((await watching.read("g")).entries, entries(all(5)));
      assert.deepEqual(api.calls, ["get g"]);
    });

    it("is nothing while a page is missing or changed", async () => {
      await five();
      const watching = api.storeWith({ watched: (name) => api.objects.get(name) });
      const [name] = api.pages;
      api.edit(name!, (spec) => ({ ...spec, reservations: [] }));
      assert.equal(watching.watched("g"), undefined);
      api.remove(name!);
      assert.equal(watching.watched("g"), undefined);
    });
  });

  describe("when a page was deleted or changed by hand", () => {
    const waits = (name: string, seconds: number) => ({
      message: `page "${name}" of ledger "g" is missing or changed: nothing is decided for ${seconds} s`,
    });
    for (const [how, harm] of [
      ["deleted", (name: string) => api.remove(name)],
      ["changed", (name: string) => api.edit(name, (spec) => ({ ...spec, reservations: [] }))],
    ] as const) {
      it(`${how}: is not read until no request of that time can come to anything, then without it`, async () => {
        await five();
        const name = api.pages[0]!;
        harm(name);
        await assert.rejects(store.read("g"), waits(name, 45));
        api.now += LIFE_MS - 1;
        await assert.rejects(store.read("g"), waits(name, 1));
        api.now += 1;
        const without = await store.read("g");
        assert.deepEqual(without.entries, entries(all(5).slice(3), "5000"));
        written(await store.swap("g", without, without.entries));
        assert.equal(api.ledger("g").spec.pages, undefined);
      });
    }

    it("counts anew when the page is there again", async () => {
      await five();
      const [name] = api.pages;
      const page = api.objects.get(name!)!;
      api.remove(name!);
      await assert.rejects(store.read("g"), waits(name!, 45));
      api.objects.set(name!, page);
      assert.deepEqual((await store.read("g")).entries, entries(all(5)));
      api.remove(name!);
      api.now += LIFE_MS;
      await assert.rejects(store.read("g"), waits(name!, 45));
    });

    it("is read with what this process remembers", async () => {
      await five();
      const remembered = new Map(api.objects);
      for (const name of api.pages) api.remove(name);
      const knowing = api.storeWith({ watched: (name) => remembered.get(name) });
      assert.deepEqual((await knowing.read("g")).entries, entries(all(5)));
    });
  });

  it("reads what was written last, whatever was written, lost and left over before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (steps, room) => {
        const two = new TwoWriters((room * THREE) / 3);
        for (const one of steps) await two.take(one);
      }),
      { numRuns: 200 },
    );
  });
});

interface Step {
  readonly writer: number;
  readonly open: readonly number[];
  readonly fault: string;
}
const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat(1),
  open: fc.uniqueArray(fc.nat(29), { maxLength: 30 }),
  fault: fc.constantFrom("none", "none", "none", "page refused", "answer lost"),
});

/** Two that write one ledger by turns, one of them with a watch, and what the ledger has to be. */
class TwoWriters {
  readonly #api = new LedgerApi();
  readonly #stores: readonly LedgerStore[];
  readonly #last: (StoredLedger | undefined)[] = [];
  readonly #contents = new Map<string, string>();
  #model: readonly string[] = [];

  constructor(pageBytes: number) {
    const watched = (name: string): QuotaLedger | undefined => this.#api.objects.get(name);
    this.#stores = [this.#api.storeWith({ pageBytes }), this.#api.storeWith({ pageBytes, watched })];
  }

  async take({ writer, open, fault }: Step): Promise<void> {
    this.#fail(fault);
    const before = this.#version;
    const wanted = entries(all(30).filter((_, i) => open.includes(i)));
    const store = this.#stores[writer]!;
    const base = this.#last[writer] ?? (await store.read("g"));
    const stored = await store.swap("g", base, wanted).catch(() => undefined);
    this.#last[writer] = stored;
    await quiet();
    if (this.#version !== before) this.#model = wanted.reservations.map(({ uid }) => uid).sort();
    assert.deepEqual(uids(await this.#api.storeWith().read("g")), this.#model);
    if (stored) assert.deepEqual(uids(stored), this.#model);
    this.#pagesStayAsTheyAre();
  }

  get #version(): string | undefined {
    return this.#api.objects.get("g")?.metadata.resourceVersion;
  }

  #fail(fault: string): void {
    this.#api.before = (verb, name) => {
      if (fault === "page refused" && verb === "create" && name !== "g") throw failure(503);
    };
    this.#api.after = (verb, name) => {
      if (fault === "answer lost" && verb !== "get" && name === "g") throw new Error("lost");
    };
  }

  #pagesStayAsTheyAre(): void {
    for (const name of this.#api.pages) {
      const content = JSON.stringify(this.#api.objects.get(name)?.spec);
      assert.equal(this.#contents.get(name) ?? content, content);
      this.#contents.set(name, content);
    }
  }
}
