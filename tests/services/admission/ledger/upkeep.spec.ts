import assert from "node:assert/strict";
import type { QuotaLedger } from "../../../../crds/quota-ledger.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { ABANDONED_MS, LEFTOVER_MS, LedgerUpkeep } from "../../../../services/admission/ledger/upkeep.ts";
import { failure, LedgerApi, NAMESPACE, reservation } from "./ledger-api.ts";

const reservations = Array.from({ length: 4 }, (_, i) => reservation(`r${i}`));
const TWO = 2 * (JSON.stringify(reservations[0]).length + 1);
const entries = (count: number) => ({ observedPodVersion: "7", reservations: reservations.slice(0, count) });

describe("LedgerUpkeep", () => {
  let api: LedgerApi;
  let groups: Set<string>;
  let removed: string[];
  let upkeep: LedgerUpkeep;
  /** As the watch has them; as the API server has them, where nothing is said. */
  let seen: Map<string, QuotaLedger> | undefined;
  beforeEach(() => {
    api = new LedgerApi();
    groups = new Set(["g"]);
    removed = [];
    seen = undefined;
    const watched = (): Map<string, QuotaLedger> => seen ?? api.objects;
    upkeep = new LedgerUpkeep({
      client: api.client,
      namespace: NAMESPACE,
      clock: { monotonicMs: () => api.now },
      watched: { all: () => watched().values(), get: (name) => watched().get(name) },
      hasGroup: (name) => groups.has(name),
      onRemoved: (group) => removed.push(group),
    });
  });
  const write = async (count: number, group = "g"): Promise<StoredLedger> => {
    const store = api.storeWith({ pageBytes: TWO });
    const stored = await store.swap(group, await store.read(group), entries(count));
    assert.ok(stored);
    api.calls = [];
    return stored;
  };
  /** A page that no ledger refers to, as a process leaves it that dies before it writes the ledger. */
  const leftover = async (): Promise<string> => {
    const known = new Set(api.objects.keys());
    api.before = (verb, name) => {
      if (verb !== "get" && name === "g") throw failure(503);
    };
    await assert.rejects(write(4));
    api.before = () => {};
    api.calls = [];
    return [...api.objects.keys()].find((name) => !known.has(name))!;
  };
  /** Sweeps now and just before and after a time. */
  const sweepAfter = async (ms: number): Promise<void> => {
    await upkeep.sweep();
    api.now += ms - 1;
    await upkeep.sweep();
    assert.deepEqual(api.calls, []);
    api.now += 1;
    await upkeep.sweep();
  };

  it("leaves alone what is needed: ledgers of groups, and pages that a ledger refers to", async () => {
    await write(4);
    await write(0, "h");
    groups.add("h");
    await sweepAfter(10 * ABANDONED_MS);
    assert.deepEqual([api.calls, api.pages.length, removed], [[], 1, []]);
  });

  it("removes a page that no ledger refers to, after longer than any writer may hold it", async () => {
    await write(1);
    const name = await leftover();
    await sweepAfter(LEFTOVER_MS);
    assert.deepEqual(api.calls, ["get g", `delete ${name}`]);
    assert.deepEqual([...api.objects.keys()], ["g"]);
  });

  it("removes pages of a ledger that is gone", async () => {
    const name = await leftover();
    assert.deepEqual([...api.objects.keys()], [name]);
    await sweepAfter(LEFTOVER_MS);
    assert.deepEqual([api.objects.size, removed], [0, []]);
  });

  it("asks the API server before it removes a page: the watch may not have seen the ledger that refers to it", async () => {
    await write(1);
    seen = new Map(api.objects);
    await write(4);
    for (const name of api.pages) seen.set(name, api.objects.get(name)!);
    await sweepAfter(LEFTOVER_MS);
    assert.deepEqual([api.calls, api.pages.length], [["get g"], 1]);
  });

  it("removes the ledger of a group that is gone, once nothing was reserved in it for longer than a watch may lag", async () => {
    await write(0);
    groups.clear();
    await sweepAfter(ABANDONED_MS);
    assert.deepEqual([api.calls, [...api.objects.keys()], removed], [["delete g"], [], ["g"]]);
  });

  it("counts anew from the last write of the ledger, and from when its group went away", async () => {
    await write(0);
    groups.clear();
    await upkeep.sweep();
    api.now += ABANDONED_MS;
    await write(0);
    await upkeep.sweep();
    api.now += ABANDONED_MS - 1;
    groups.add("g");
    await upkeep.sweep();
    groups.clear();
    await sweepAfter(ABANDONED_MS);
    assert.deepEqual(api.calls, ["delete g"]);
  });

  it("keeps the ledger of a group that is gone while anything is reserved in it, itself or in a page", async () => {
    await write(4);
    await write(1, "h");
    api.edit("g", (spec) => ({ ...spec, reservations: [] }));
    groups.clear();
    await sweepAfter(10 * ABANDONED_MS);
    assert.deepEqual([api.calls, removed], [[], []]);
  });

  it("does not remove a ledger that somebody wrote meanwhile", async () => {
    await write(0);
    groups.clear();
    await upkeep.sweep();
    api.now += ABANDONED_MS;
    api.before = () => api.edit("g", () => entries(1));
    await upkeep.sweep();
    api.before = () => {};
    assert.deepEqual(api.calls, ["delete g"]);
    assert.deepEqual((await api.storeWith().read("g")).entries, entries(1));
  });

  it("makes a page again that was deleted while its ledger refers to it, and is its memory meanwhile", async () => {
    await write(4);
    const [name] = api.pages;
    const page = api.objects.get(name!)!;
    api.remove(name!);
    upkeep.deleted(page);
    assert.equal(upkeep.lost(name!), page);
    await upkeep.sweep();
    assert.deepEqual(api.calls, [`create ${name}`]);
    assert.deepEqual((await api.storeWith().read("g")).entries, entries(4));
    await upkeep.sweep();
    assert.equal(upkeep.lost(name!), undefined);
  });

  it("does not make a page again that its ledger gave up, that another one made, or that was not intact", async () => {
    const base = await write(4);
    const [name] = api.pages;
    const page = api.objects.get(name!)!;
    upkeep.deleted({ ...page, spec: { ...page.spec, reservations: [] } });
    assert.equal(upkeep.lost(name!), undefined);
    upkeep.deleted(page);
    await upkeep.sweep();
    assert.equal(upkeep.lost(name!), undefined);
    upkeep.deleted(page);
    await api.storeWith({ pageBytes: TWO }).swap("g", base, entries(0));
    upkeep.deleted(page);
    await upkeep.sweep();
    assert.deepEqual([api.calls.filter((call) => call.startsWith("create")), api.pages], [[], []]);
    assert.equal(upkeep.lost(name!), undefined);
  });

  it("tries everything, and then tells what failed", async () => {
    await write(0);
    groups.clear();
    const name = await leftover();
    await upkeep.sweep();
    api.now += ABANDONED_MS;
    api.before = (verb, asked) => {
      if (verb === "delete" && asked === name) throw failure(500);
    };
    await assert.rejects(upkeep.sweep(), { name: "AggregateError", message: "ledgers could not be tidied" });
    assert.deepEqual([...api.objects.keys()], [name]);
  });
});
