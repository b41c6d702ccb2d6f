import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { textWithoutManagedFields } from "../../lib/kube/managed-fields.ts";
import type { Call, CallsUnderWay } from "./calls.ts";
import { Refused } from "./reply.ts";

/** Objects are at most 3 MiB, a review may hold two of them. */
const BODY_LIMIT = 8 * 1024 * 1024;

const tooLarge = (): Refused => new Refused(413, `the body is larger than ${BODY_LIMIT} bytes`);

/** @throws Refused for a body that says itself that it is too large */
export function refuseOversize(contentLength: string | undefined): void {
  if (contentLength !== undefined && Number(contentLength) > BODY_LIMIT) throw tooLarge();
}

/**
 * Takes the text out of the chunks of a body, without managed fields. The chunks are emptied: what waited for them gets old
 * while it waits, and would keep the text until the old generation is cleared.
 * @throws Refused for one that is not UTF-8
 */
export function takeText(chunks: Buffer[]): string {
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  chunks.length = 0;
  if (!isUtf8(bytes)) throw new Refused(400, "the body is not UTF-8");
  return textWithoutManagedFields(bytes);
}

/** All of the bodies that are held are too much: the caller comes again. */
const noRoom = (): Refused =>
  new Refused(503, "overloaded: too many bytes of reviews are under way: try again", { "retry-after": "1" });

/**
 * The chunks of the body. By events: an async iterator over a small body costs as much as parsing it.
 * @throws Refused for one that is too large or does not come in time, and where there is no room for it
 */
export function readBody(request: IncomingMessage, call: Call, calls: CallsUnderWay): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const refuse = (error: Error): void => {
      // What still comes is read and dropped, so that the answer can be sent.
      request.removeAllListeners("data").resume();
      chunks.length = 0;
      reject(error);
    };
    call.onExpired = () =>
      refuse(new Refused(408, "the body did not come within the call's time", { connection: "close" }));
    request.on("data", (chunk: Buffer) => {
      const hasRoom = calls.take(call, chunk.length);
      if (call.bodyBytes > BODY_LIMIT) refuse(tooLarge());
      else if (!hasRoom) refuse(noRoom());
      else chunks.push(chunk);
    });
    request.once("error", refuse);
    request.once("end", () => {
      call.onExpired = undefined;
      // A kept connection keeps its last request until the next one comes, and by these all that belongs to it.
      request.removeAllListeners("data").removeAllListeners("error");
      resolve(chunks);
    });
  });
}
