import assert from "node:assert/strict";
import fc from "fast-check";
import { LEDGER_BYTES, MAX_RESERVATIONS, type QuotaLedger, type Reservation } from "../../../../crds/quota-ledger.ts";
import {
  isIntact,
  layOut,
  openIn,
  openOf,
  PAGE_BYTES,
  type Page,
  pageAt,
  pageBytesFor,
  pageName,
  referenceTo,
} from "../../../../services/admission/ledger/pages.ts";
import { reservation } from "./ledger-api.ts";

const all = (count: number): Reservation[] => Array.from({ length: count }, (_, i) => reservation(`r${100 + i}`));
/** Room for three of them, as JSON with a comma each. */
const THREE = 3 * (JSON.stringify(reservation("r100")).length + 1);
const page = (name: string, reservations: readonly Reservation[], ...gone: number[]): Page => ({
  name,
  reservations,
  gone: new Set(gone),
});
const uids = (reservations: readonly Reservation[]): string[] => reservations.map(({ uid }) => uid);
const stored = (spec: QuotaLedger["spec"], name = pageName(spec)): QuotaLedger => ({
  apiVersion: "carrel.dev/v1",
  kind: "QuotaLedger",
  metadata: { name, uid: "u" },
  spec,
});

/** As long as the definition lets one be. */
function longest(i: number): Reservation {
  const long = "x".repeat(253);
  const texts = { namespace: long, name: long, user: long, podVersion: long, request: long };
  const amounts = { cpuMilli: "9".repeat(20), memoryBytes: "9".repeat(20), gpuMilli: "9", ephemeralStorageBytes: "9" };
  return { uid: String(i).padStart(253, "0"), ...texts, ...amounts };
}

describe("pageBytesFor", () => {
  it("grows with what is open, from 32 KiB to what one object may hold", () => {
    const found = [0, 1000, 2000, 8000, MAX_RESERVATIONS].map(pageBytesFor);
    assert.deepEqual(found, [32_768, 32_768, 60_000, 240_000, PAGE_BYTES]);
  });

  it("makes no more pages than a ledger may refer to, while it grows to its most with every page half empty", () => {
    const bytes = JSON.stringify(longest(0)).length + 1;
    let [pages, filled] = [0, 0];
    for (let made = 1; made <= 2 * MAX_RESERVATIONS; made++) {
      const room = pageBytesFor(made / 2);
      pages += filled + bytes > room ? 1 : 0;
      filled = filled + bytes > room ? bytes : filled + bytes;
    }
    assert.ok(pages > 800 && pages <= 1000, `${pages} pages`);
  });
});

describe("layOut", () => {
  it("keeps in the ledger what fits", () => {
    assert.deepEqual(layOut([], all(3), THREE), { kept: [], moved: [], rest: all(3) });
    assert.deepEqual(layOut([], [], THREE), { kept: [], moved: [], rest: [] });
  });

  it("moves the oldest into full pages until the rest fits", () => {
    const { moved, rest } = layOut([], all(8), THREE);
    assert.deepEqual([...moved, rest].map(uids), [
      ["r100", "r101", "r102"],
      ["r103", "r104", "r105"],
      ["r106", "r107"],
    ]);
  });

  it("leaves a page alone of which at least half is open, and only notes what is gone", () => {
    const reservations = all(6);
    const first = page("p", reservations.slice(0, 4));
    const open = [...reservations.slice(1, 3), ...reservations.slice(4)];
    const { kept, moved, rest } = layOut([first], open, 10 * THREE);
    assert.deepEqual([kept, moved, uids(rest)], [[page("p", reservations.slice(0, 4), 0, 3)], [], ["r104", "r105"]]);
    assert.equal(kept[0]?.reservations, first.reservations);
  });

  it("takes back what is left of a page of which less is open, and gives up one of which nothing is", () => {
    const reservations = all(7);
    const pages = [page("p", reservations.slice(0, 3)), page("q", reservations.slice(3, 6))];
    assert.deepEqual(layOut(pages, [reservations[2]!, reservations[6]!], 10 * THREE), {
      kept: [],
      moved: [],
      rest: [reservations[2], reservations[6]],
    });
  });

  it("takes a reservation that a later request changed for another one", () => {
    const [old, other] = [reservation("a/resize", { request: "1" }), reservation("b")];
    const later = { ...old, request: "2" };
    const { kept, rest } = layOut([page("p", [old, other])], [later, other], 10 * THREE);
    assert.deepEqual([kept.map(openOf), rest], [[[other]], [later]]);
  });

  it("finds a reservation whoever has read it, in whatever order its fields come", () => {
    const [one] = all(1);
    const turned = Object.fromEntries(Object.entries(one!).reverse()) as unknown as Reservation;
    const first = page("p", [one!]);
    assert.deepEqual(layOut([first], [turned], THREE), { kept: [first], moved: [], rest: [] });
  });

  it("loses nothing, holds nothing twice, and fills no object beyond its room", () => {
    const subset = fc.uniqueArray(fc.nat(59), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(subset, { maxLength: 6 }), fc.integer({ min: 1, max: 12 }), (steps, room) => {
        const pool = all(60);
        const pageBytes = (room * THREE) / 3;
        let pages: readonly Page[] = [];
        let names = 0;
        for (const step of steps) {
          const wanted = step.map((i) => pool[i]!);
          const { kept, moved, rest } = layOut(pages, wanted, pageBytes);
          pages = [...kept, ...moved.map((reservations) => page(`p${names++}`, reservations))];
          const found = [...pages.flatMap(openOf), ...rest];
          assert.deepEqual(uids(found).sort(), uids(wanted).sort());
          for (const part of [...moved, rest]) assert.ok(part.length <= room);
          for (const one of pages) assert.ok(one.gone.size * 2 <= one.reservations.length);
        }
      }),
    );
  });

  it("refers to all reservations there may be, half gone and of the longest names, in the room that a ledger has", () => {
    const reservations = Array.from({ length: 2 * MAX_RESERVATIONS }, (_, i) => longest(i));
    const made = layOut([], reservations, PAGE_BYTES).moved.map((part, i) => page(`${i}`.padStart(76, "p"), part));
    const half = made.flatMap((one) => one.reservations.filter((_, i) => i % 2 === 0));
    const { kept, moved, rest } = layOut(made, half, PAGE_BYTES);
    const references = JSON.stringify([...kept, ...moved.map((part) => page("p".repeat(76), part))].map(referenceTo));
    const bytes = references.length + JSON.stringify(rest).length;
    assert.ok(
      half.length >= MAX_RESERVATIONS && kept.length > 600 && kept.length + moved.length <= 1000,
      `${kept.length} and ${moved.length} pages`,
    );
    assert.ok(bytes <= PAGE_BYTES + 1 && PAGE_BYTES < LEDGER_BYTES, `${bytes} bytes`);
  });
});

describe("a reference to a page", () => {
  it("says how many are open, and one bit for each that is not", () => {
    const reservations = all(10);
    assert.deepEqual(referenceTo(page("p", reservations)), { name: "p", open: 10 });
    assert.deepEqual(referenceTo(page("p", reservations, 0, 9)), { name: "p", open: 8, gone: "AQI=" });
  });

  it("comes back as the page that it refers to", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.uniqueArray(fc.nat(39)), (count, places) => {
        const spec = { pageOf: "g", nonce: "n", reservations: all(count) };
        const gone = places.filter((place) => place < count);
        const known: Page = { name: pageName(spec), reservations: spec.reservations, gone: new Set(gone) };
        const found = pageAt(referenceTo(known), stored(spec));
        assert.deepEqual({ ...found, gone: [...found.gone].sort() }, { ...known, gone: gone.sort() });
      }),
    );
  });

  it("takes nothing for gone that the page does not have", () => {
    const spec = { pageOf: "g", nonce: "n", reservations: all(2) };
    const { gone } = pageAt({ name: "p", open: 0, gone: "/w==" }, stored(spec));
    assert.deepEqual([...gone], [0, 1]);
  });
});

describe("a page", () => {
  const spec = { pageOf: "g", nonce: "n", reservations: all(2) };

  it("has a name that tells all that it holds, and that no group of a pod can have", () => {
    const name = pageName(spec);
    assert.match(name, /^ledger-page\.[0-9a-f]{64}$/);
    assert.ok(name.length > 63);
    const others = [
      { ...spec, pageOf: "h" },
      { ...spec, nonce: "m" },
      { ...spec, reservations: all(1) },
      { ...spec, reservations: [...spec.reservations].reverse() },
      { ...spec, reservations: [spec.reservations[0]!, reservation("r101", { cpuMilli: "2" })] },
    ];
    assert.equal(new Set([name, ...others.map(pageName)]).size, 6);
  });

  it("is intact while it holds what its name promises", () => {
    assert.equal(isIntact(stored(spec)), true);
    assert.equal(isIntact(stored({ ...spec, reservations: [] }, pageName(spec))), false);
    assert.equal(isIntact(stored(spec, "g")), false);
  });

  it("is not counted by itself: its ledger says what is open", () => {
    assert.equal(openIn(stored(spec)), 0);
    const pages = [
      { name: "p", open: 7 },
      { name: "q", open: 4 },
    ];
    assert.equal(openIn(stored({ reservations: all(2), pages }, "g")), 13);
    assert.equal(openIn(stored({}, "g")), 0);
  });
});
