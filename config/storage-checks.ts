import { isIP } from "node:net";
import { type Check, checkCallerCidr, checkHost } from "./checks.ts";
import { parseCidr } from "./cidr.ts";

/** Where an NFS server is: a DNS name or an address, without a path. */
export const checkNfsServer: Check<string> = (server) => {
  if (isIP(server) !== 0) return undefined;
  const scheme = /^[a-z]+:\/\//i.exec(server)?.[0];
  if (scheme) return { wrong: "must be a host without a scheme", fix: `leave out "${scheme}"` };
  const [host = "", path] = server.split(":/");
  if (path !== undefined)
    return { wrong: "must be a host without a path", fix: `write "${host}", and "/${path}" as carrel:storage.nfsPath` };
  return checkHost(server);
};

/** An absolute path of plain names, without a slash at its end. */
export const checkFolder: Check<string> = (path) => {
  if (!path.startsWith("/")) return { wrong: "must be an absolute path", fix: `write "/${path}"` };
  const isPlain = path === "/" || /^(\/[\w.@+-]+)+$/.test(path);
  if (isPlain && !path.split("/").includes("..")) return undefined;
  return { wrong: "must be an absolute path of letters, digits and . _ @ + - without a slash at its end" };
};

/** Where nodes are: never everybody, as an NFS server believes its clients who their users are. */
export const checkNodeCidr: Check<string> = (text) =>
  parseCidr(text)?.prefixLength === 0
    ? { wrong: "must not be every address, because every pod could then read every home" }
    : checkCallerCidr(text);
