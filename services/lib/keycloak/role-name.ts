/** What a role gives access to: an image, an instance type, a volume to read, a volume to write. */
export const roleKinds = ["img", "it", "ds", "ds:rw"] as const;
export type RoleKind = (typeof roleKinds)[number];

/** Kinds of objects, and the roles that stand for each of them. */
export const rolesOfKind = {
  Image: ["img"],
  InstanceType: ["it"],
  Volume: ["ds", "ds:rw"],
} as const satisfies Readonly<Record<string, readonly RoleKind[]>>;
export type BoundKind = keyof typeof rolesOfKind;

export const roleName = (kind: RoleKind, name: string): string => `${kind}:${name}`;

/** What a role of ours stands for; nothing for another role. Names of objects have no colon. */
export function parseRole(role: string): { readonly kind: RoleKind; readonly name: string } | undefined {
  const [, kind, name = ""] = /^(img|it|ds:rw|ds):([^:]+)$/.exec(role) ?? [];
  return kind === undefined ? undefined : { kind: kind as RoleKind, name };
}

/** PrimeHub's grammar: an optional prefix of the cluster, the kind, labels of which `rw` means something, the name last. */
export function parsePrimehubRole(role: string): { readonly kind: RoleKind; readonly name: string } | undefined {
  const tokens = role.split(":");
  const at = [0, 1].find((i) => ["it", "img", "ds"].includes(tokens[i] ?? ""));
  const name = tokens.at(-1) ?? "";
  if (at === undefined || tokens.length < at + 2 || name === "") return undefined;
  const kind = tokens[at] as "it" | "img" | "ds";
  const labels = tokens.slice(at + 1, -1);
  return { kind: kind === "ds" && labels.includes("rw") ? "ds:rw" : kind, name };
}
