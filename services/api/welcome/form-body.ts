import type { IncomingMessage } from "node:http";
import { notice, type Page } from "./page.ts";

const MAX_BYTES = 16_384;
const CLOSE = { connection: "close" };

/** Whether a page of ours sent it: browsers say so with every form, and no other site can say it for them. */
const isOurs = ({ headers }: IncomingMessage, publicUrl: string): boolean => headers.origin === publicUrl;

const cutOff = notice(400, "Only a part arrived", "Send the form again.");
const tooLarge = notice(413, "Too much was sent", "Open the link again, and write less.");

/** The fields of a form, or the page that says why it is not taken. */
export async function readForm(request: IncomingMessage, publicUrl: string): Promise<URLSearchParams | Page> {
  if (!isOurs(request, publicUrl)) {
    const why = "The form came from another address than this site's. Open the link again, and use the form there.";
    return { ...notice(403, "Not from here", why), headers: CLOSE };
  }
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return { ...notice(415, "Not a form", "Only the form of this page is taken here."), headers: CLOSE };
  }
  if (Number(request.headers["content-length"] ?? 0) > MAX_BYTES) return { ...tooLarge, headers: CLOSE };
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Read to its end, so that the answer arrives; the server ends what takes too long.
      if (bytes <= MAX_BYTES) chunks.push(chunk);
    }
  } catch {
    return cutOff;
  }
  return bytes > MAX_BYTES ? { ...tooLarge, headers: CLOSE } : new URLSearchParams(Buffer.concat(chunks).toString());
}
