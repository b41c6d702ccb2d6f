/** What realm roles give a group: names of instance types and images, and of volumes with what may be done. */
export interface Bound {
  readonly instanceTypes: readonly string[];
  readonly images: readonly string[];
  readonly volumes: ReadonlyMap<string, "read" | "write">;
}

export const nothingBound: Bound = { instanceTypes: [], images: [], volumes: new Map() };

const ROLE = /^(?<kind>it|img|ds|ds:rw):(?<name>[a-z0-9][-a-z0-9.]*)$/;

/** Reads realm roles of the forms `it:NAME`, `img:NAME`, `ds:NAME` and `ds:rw:NAME`; others bind nothing. */
export function boundBy(roles: readonly string[]): Bound {
  const instanceTypes = new Set<string>();
  const images = new Set<string>();
  const volumes = new Map<string, "read" | "write">();
  for (const role of roles) {
    const { kind, name = "" } = ROLE.exec(role)?.groups ?? {};
    if (kind === "it") instanceTypes.add(name);
    if (kind === "img") images.add(name);
    if (kind === "ds:rw") volumes.set(name, "write");
    if (kind === "ds" && !volumes.has(name)) volumes.set(name, "read");
  }
  return { instanceTypes: [...instanceTypes].sort(), images: [...images].sort(), volumes };
}

/** What any of several gives; writing goes before reading. */
export function together(bounds: readonly Bound[]): Bound {
  const volumes = new Map<string, "read" | "write">();
  for (const bound of bounds) {
    for (const [name, access] of bound.volumes) if (volumes.get(name) !== "write") volumes.set(name, access);
  }
  return {
    instanceTypes: [...new Set(bounds.flatMap(({ instanceTypes }) => instanceTypes))].sort(),
    images: [...new Set(bounds.flatMap(({ images }) => images))].sort(),
    volumes: new Map([...volumes].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
