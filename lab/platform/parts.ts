/** Parts whose pods run images that somebody else makes; the others run the platform's own, or the lab's gateway. */
const partsOfOthers: readonly string[] = ["identity", "hub"];

/** Whether the lab needs stand-ins for these parts; undefined is all parts. */
export const needsStandIns = (parts: readonly string[] | undefined): boolean =>
  parts === undefined || parts.some((part) => partsOfOthers.includes(part));

/** Whether the platform has public names. */
export const isExposed = (parts: readonly string[] | undefined): boolean =>
  parts === undefined || parts.includes("exposure");
