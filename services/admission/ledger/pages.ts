import { createHash } from "node:crypto";
import { LEDGER_BYTES, type PageReference, type QuotaLedger, type Reservation } from "../../../crds/quota-ledger.ts";

/** What names, versions and the API server's notes about who wrote which field take, with some to spare. */
const METADATA_BYTES = 4096;
/** References to pages beyond this take of the room for reservations. */
const REFERENCES_BYTES = 12_288;
/** The most bytes of reservations in one object. */
export const PAGE_BYTES = LEDGER_BYTES - METADATA_BYTES - REFERENCES_BYTES;
/** Some hundred reservations: fewer are not worth an object of their own. */
const LEAST_PAGE_BYTES = 32_768;
/** A page has about a tenth of what is open, each of which takes some 330 bytes. */
const SHARE_BYTES = 30;

/**
 * Bytes of reservations in one object of a ledger that has `count` open. The API server takes time with every byte of
 * every write, so objects are small while there are few; with more they grow, so that a ledger has few references.
 */
export function pageBytesFor(count: number): number {
  return Math.min(PAGE_BYTES, Math.max(LEAST_PAGE_BYTES, SHARE_BYTES * count));
}

/** Reservations of a group in an object of their own, which never changes; the ledger says which are open still. */
export interface Page {
  readonly name: string;
  readonly reservations: readonly Reservation[];
  /** Places of those that are not open any more. */
  readonly gone: ReadonlySet<number>;
}

/** Where reservations stand in the ledger and its pages. */
export interface Layout {
  readonly kept: readonly Page[];
  /** What becomes a page of its own each, the oldest first. */
  readonly moved: readonly (readonly Reservation[])[];
  /** What stands in the ledger itself. */
  readonly rest: readonly Reservation[];
}

export const openOf = ({ reservations, gone }: Page): readonly Reservation[] =>
  gone.size === 0 ? reservations : reservations.filter((_, i) => !gone.has(i));

/** How many reservations of its group a ledger has open; a page speaks for nobody. */
export function openIn({ spec }: QuotaLedger): number {
  if (spec.pageOf !== undefined) return 0;
  return (spec.pages ?? []).reduce((sum, { open }) => sum + open, spec.reservations?.length ?? 0);
}

function bitsOf(places: ReadonlySet<number>, count: number): string {
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (const place of places) bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7));
  return Buffer.from(bits).toString("base64");
}

function placesOf(text: string): Set<number> {
  const bits = Buffer.from(text, "base64");
  const places = new Set<number>();
  for (let i = 0; i < bits.length * 8; i++) if (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) places.add(i);
  return places;
}

/** How a ledger refers to a page. */
export function referenceTo({ name, reservations, gone }: Page): PageReference {
  const open = reservations.length - gone.size;
  return gone.size === 0 ? { name, open } : { name, open, gone: bitsOf(gone, reservations.length) };
}

/** The page that a ledger refers to, as it is stored. */
export function pageAt({ name, gone }: PageReference, { spec }: QuotaLedger): Page {
  const reservations = spec.reservations ?? [];
  const places = [...placesOf(gone ?? "")].filter((place) => place < reservations.length);
  return { name, reservations, gone: new Set(places) };
}

/** The same whatever order the API server gives to fields. */
const canonical = (reservation: Reservation): string => JSON.stringify(reservation, Object.keys(reservation).sort());

/**
 * The name of a page: a hash of all that it holds. It is longer than a label's value may be, so no pod can belong to a
 * group of this name.
 */
export function pageName({ pageOf, nonce, reservations = [] }: QuotaLedger["spec"]): string {
  const hash = createHash("sha256").update(JSON.stringify([pageOf, nonce]));
  for (const reservation of reservations) hash.update("\n").update(canonical(reservation));
  return `ledger-page.${hash.digest("hex")}`;
}

const checked = new WeakMap<QuotaLedger, boolean>();

/** Whether a page holds what its name promises. */
export function isIntact(page: QuotaLedger): boolean {
  const known = checked.get(page) ?? pageName(page.spec) === page.metadata.name;
  checked.set(page, known);
  return known;
}

function isSame(a: Reservation, b: Reservation | undefined): boolean {
  return a === b || (b !== undefined && a.uid === b.uid && canonical(a) === canonical(b));
}

const bytesOf = (reservation: Reservation): number => Buffer.byteLength(JSON.stringify(reservation)) + 1;
/** What a reference takes beside the bits of what is gone. */
const REFERENCE_BYTES = 160;
const bytesTo = ({ reservations, gone }: Page): number =>
  REFERENCE_BYTES + (gone.size === 0 ? 0 : Math.ceil(reservations.length / 6));

/**
 * Lays reservations out so that no object holds more than `pageBytes` of them. Pages of which at least half is open
 * stay as they are; what is left of others comes back, and the oldest of what does not fit goes into new pages.
 */
export function layOut(pages: readonly Page[], reservations: readonly Reservation[], pageBytes: number): Layout {
  const left = new Map(reservations.map((reservation) => [reservation.uid, reservation]));
  const kept: Page[] = [];
  for (const page of pages) {
    const isGone = page.reservations.map((reservation) => !isSame(reservation, left.get(reservation.uid)));
    const gone = new Set(isGone.flatMap((is, place) => (is ? [place] : [])));
    if (gone.size * 2 > page.reservations.length) continue;
    kept.push({ ...page, gone });
    for (const reservation of openOf({ ...page, gone })) left.delete(reservation.uid);
  }
  return {
    kept,
    ...split(
      [...left.values()],
      kept.map(bytesTo).reduce((a, b) => a + b, 0),
      pageBytes,
    ),
  };
}

/** Splits off the oldest until the rest fits beside the references to pages. */
function split(
  reservations: readonly Reservation[],
  references: number,
  pageBytes: number,
): Pick<Layout, "moved" | "rest"> {
  const sizes = reservations.map(bytesOf);
  let total = sizes.reduce((a, b) => a + b, 0);
  let from = 0;
  const moved: Reservation[][] = [];
  const room = (): number => {
    const beyond = references + moved.length * REFERENCE_BYTES - REFERENCES_BYTES;
    return pageBytes - Math.max(0, beyond);
  };
  while (total > 0 && total > room()) {
    let until = from;
    let bytes = 0;
    while (until < sizes.length && (until === from || bytes + (sizes[until] ?? 0) <= pageBytes)) {
      bytes += sizes[until++] ?? 0;
    }
    moved.push(reservations.slice(from, until));
    from = until;
    total -= bytes;
  }
  return { moved, rest: reservations.slice(from) };
}
