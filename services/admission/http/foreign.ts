import type { IncomingMessage } from "node:http";
import { refuseOversize } from "./body.ts";
import { Refused } from "./reply.ts";

/** @throws Refused for what is no AdmissionReview before its body is read */
export function refuseForeign({ method, headers }: IncomingMessage): void {
  if (method !== "POST") throw new Refused(405, `${method} is not allowed: POST an AdmissionReview`, { allow: "POST" });
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refused(415, `content type "${type ?? ""}" is not application/json`);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw new Refused(415, `content encoding "${encoding}" is not supported`);
  refuseOversize(headers["content-length"]);
}
