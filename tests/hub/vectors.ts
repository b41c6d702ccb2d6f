import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { slug } from "../../quota/owner.ts";
import { formatBytes, formatMilli } from "../../quota/quantity.ts";

/** What both sides have to agree on: names and their slugs, amounts and how people read them. */
export interface Vectors {
  readonly slugs: Readonly<Record<string, string>>;
  readonly milli: Readonly<Record<string, string>>;
  readonly bytes: Readonly<Record<string, string>>;
}

export const vectorsFile = join(import.meta.dirname, "slug-vectors.json");

const names = [
  ...[
    "physics",
    "ada.l-2",
    "0",
    "",
    "x",
    "Ada",
    "ada@example.com",
    "-ada-",
    "a..b",
    "a.",
    ".a",
    "a-",
    "a_b",
    "a b",
    "a\n",
  ],
  ...[
    "日本",
    "測試",
    "élan",
    "İstanbul",
    "ΣΑΣ",
    "\u212Aelvin",
    "ﬁsh",
    "Straße",
    "😀",
    "a😀b",
    "{user}",
    "a/b",
    "../etc",
  ],
  ...[
    "a".repeat(63),
    "a".repeat(64),
    `${"a".repeat(53)}-${"b".repeat(20)}`,
    "A".repeat(63),
    "é".repeat(40),
    "-".repeat(70),
  ],
  ...["a.b.c", "a.-b", "a-.b", "1.2.3", "\u00a0", "ada\u0000", "ada\tl", `${"a".repeat(62)}.`, "ﷺ".repeat(3)],
];
const milli = ["0", "1", "500", "999", "1000", "1500", "64000", "9007199254740993"];
const bytes = [
  "0",
  "1",
  "1000",
  "1023",
  "1024",
  "1536",
  "1048576",
  "1610612736",
  "4294967296",
  "1152921504606846976",
  "9007199254740993",
];

const each = (keys: readonly string[], value: (key: string) => string): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key, value(key)]));

export function vectors(): Vectors {
  return {
    slugs: each(names, slug),
    milli: each(milli, (amount) => formatMilli(BigInt(amount))),
    bytes: each(bytes, (amount) => formatBytes(BigInt(amount))),
  };
}

if (import.meta.main) writeFileSync(vectorsFile, `${JSON.stringify(vectors(), undefined, 2)}\n`);
