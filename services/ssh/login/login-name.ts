import type { ServerRef } from "../hub/hub-client.ts";

const LONGEST = 255;
const isControl = (character: string): boolean => {
  const code = character.charCodeAt(0);
  return code < 0x20 || code === 0x7f;
};

/** `ada` or `ada/gpu`: the hub's user, and one of their named servers. The hub has no user with a slash in the name. */
export function parseLoginName(name: string): ServerRef | undefined {
  const [user = "", server = "", ...more] = name.split("/");
  const isUsable = user !== "" && name.length <= LONGEST && more.length === 0 && !name.endsWith("/");
  return isUsable && ![...name].some(isControl) ? { user, server } : undefined;
}
