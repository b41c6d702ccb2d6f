import { createHash } from "node:crypto";
import { type Denial, denial } from "./denial.ts";

export const GROUP_LABEL = "carrel.dev/group";
export const USER_LABEL = "carrel.dev/user";
export const GROUP_NAME_ANNOTATION = "carrel.dev/group-name";
export const USER_NAME_ANNOTATION = "carrel.dev/user-name";
const PRIMEHUB_GROUP_LABEL = "primehub.io/group";
const PRIMEHUB_USER_LABEL = "primehub.io/user";

/** Labels and annotations that say who a pod belongs to, and that nobody may change afterwards. */
export const ownerLabels: readonly string[] = [GROUP_LABEL, USER_LABEL, PRIMEHUB_GROUP_LABEL, PRIMEHUB_USER_LABEL];
export const ownerAnnotations: readonly string[] = [GROUP_NAME_ANNOTATION, USER_NAME_ANNOTATION];

/** Who a pod belongs to, as label-safe names. */
export interface Owner {
  readonly group: string;
  /** Absent on workloads that belong to the group as a whole. */
  readonly user: string | undefined;
}

type Metadata = {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** A label value that is an object name too: dots only between letters and digits. */
const SAFE = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const HASH_LENGTH = 8;
const SLUG_LENGTH = 63;

/** A name as a label and an object name: itself where it can be, else cleaned and told apart by a hash. */
export function slug(name: string): string {
  if (SAFE.test(name)) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_LENGTH);
  const clean = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_LENGTH - HASH_LENGTH - 1)
    .replaceAll(/^-+|-+$/g, "");
  return clean === "" ? `x-${hash}` : `${clean}-${hash}`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads PrimeHub's label form: `escaped-` and every unsafe byte as a dash and two hex digits; nothing for another. */
export function unescapePrimehub(label: string): string | undefined {
  const body = /^escaped-(?<body>([a-z0-9]|-[0-9a-f]{2})+)$/.exec(label)?.groups?.["body"];
  if (body === undefined) return undefined;
  const bytes = [...body.matchAll(/-([0-9a-f]{2})|([a-z0-9])/g)].map(([, hex, plain = ""]) =>
    hex === undefined ? plain.charCodeAt(0) : Number.parseInt(hex, 16),
  );
  try {
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    // Bytes that are no text would all read as the same name.
    return undefined;
  }
}

/** One side of an owner from both label families. */
function read(labels: Readonly<Record<string, string>>, ours: string, theirs: string): string | undefined | Denial {
  const own = labels[ours];
  const escaped = labels[theirs];
  const decoded = escaped === undefined ? undefined : unescapePrimehub(escaped);
  if (escaped !== undefined && decoded === undefined) {
    return denial(
      "OwnerConflict",
      `label ${theirs}="${escaped}" is not in PrimeHub's escaped form: use ${ours}`,
      theirs,
    );
  }
  const other = decoded === undefined ? undefined : slug(decoded);
  if (own !== undefined && other !== undefined && own !== other) {
    return denial("OwnerConflict", `labels ${ours}="${own}" and ${theirs}="${escaped}" disagree: remove one`, ours);
  }
  const name = own ?? other;
  if (name === undefined || SAFE.test(name)) return name;
  return denial(
    "OwnerConflict",
    `label ${ours}="${name}" is malformed: lower-case letters, digits, dashes and dots`,
    ours,
  );
}

/** Who a pod belongs to; nobody, or a refusal where its labels do not tell. */
export function ownerOf({ labels = {} }: Metadata): Owner | Denial | undefined {
  const group = read(labels, GROUP_LABEL, PRIMEHUB_GROUP_LABEL);
  const user = read(labels, USER_LABEL, PRIMEHUB_USER_LABEL);
  if (typeof group === "object") return group;
  if (typeof user === "object") return user;
  return group === undefined ? undefined : { group, user };
}

/** A refusal where an update changes who a pod belongs to. */
export function ownerChange(old: Metadata, next: Metadata): Denial | undefined {
  const changed =
    ownerLabels.find((key) => old.labels?.[key] !== next.labels?.[key]) ??
    ownerAnnotations.find((key) => old.annotations?.[key] !== next.annotations?.[key]);
  if (changed === undefined) return undefined;
  return denial("OwnerChanged", `${changed} cannot be changed: make a new pod for another group or member`, changed);
}

export const isDenial = (value: Owner | Denial | undefined): value is Denial =>
  value !== undefined && "reason" in value;
