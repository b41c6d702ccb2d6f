import { createHash } from "node:crypto";

/** The claim of a group's shared volume, and the supplemental group id by which its members may write. */
export interface GroupVolume {
  readonly claim: string;
  readonly gid: number;
}

/** Above what images and nodes use, and below 2^31, where some file systems end. */
const [FIRST_GID, GIDS] = [1_000_000_000, 1_000_000_000];

const prefixes = { Group: "group-", Volume: "volume-" } as const;

/** A custom resource that a claim is made for. */
export interface ClaimOwner {
  readonly kind: keyof typeof prefixes;
  readonly name: string;
}

const owners = Object.keys(prefixes) as ClaimOwner["kind"][];

/** The claim, in the namespace of users' pods, of a Group or of a Volume that has no claim of its own. */
export const claimName = ({ kind, name }: ClaimOwner): string => prefixes[kind] + name;

/** The inverse of `claimName`; nothing for the claim of something else. */
export function claimOwner(claim: string): ClaimOwner | undefined {
  const kind = owners.find((each) => claim.startsWith(prefixes[each]) && claim.length > prefixes[each].length);
  return kind && { kind, name: claim.slice(prefixes[kind].length) };
}

/** @param group its label-safe name, which never changes: nor does the id, whoever computes it */
export function groupVolume(group: string): GroupVolume {
  const hash = createHash("sha256").update(group).digest().readUInt32BE(0);
  return { claim: claimName({ kind: "Group", name: group }), gid: FIRST_GID + (hash % GIDS) };
}
