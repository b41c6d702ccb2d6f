import jsonPatch from "fast-json-patch";
import type { Reply } from "./caller.ts";
import type { Case } from "./corpus.ts";

type Json = { readonly [key: string]: unknown };

/** JSON with its keys in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** Marks that Pepr puts on every pod it has seen, and which are its own. */
const OWN_MARK = ".pepr.dev/";

function withoutOwnMarks(pod: Json): Json {
  const metadata = pod["metadata"] as Json;
  const annotations = Object.entries((metadata["annotations"] ?? {}) as Json).filter(
    ([key]) => !key.includes(OWN_MARK),
  );
  const { annotations: _, ...rest } = metadata;
  return {
    ...pod,
    metadata: annotations.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(annotations) },
  };
}

const objectIn = (body: Buffer): Json =>
  (JSON.parse(body.toString("utf8")) as { request: { object: Json } }).request.object;

/** The pod after an answer to its review. @throws Error for an answer that is no patch and no permission */
function podAfter(pod: Json, { status, body }: Reply): Json {
  if (status !== 200) throw new Error(`answered ${status}: ${body}`);
  const { response } = JSON.parse(body) as { response: { allowed: boolean; patch?: string } };
  if (!response.allowed) throw new Error(`refused: ${body}`);
  if (response.patch === undefined) return pod;
  const operations = JSON.parse(Buffer.from(response.patch, "base64").toString("utf8")) as jsonPatch.Operation[];
  return jsonPatch.applyPatch(structuredClone(pod), operations, true).newDocument;
}

/** A body with the same review of another pod. */
export function reviewOf(body: Buffer, object: object): Buffer {
  const review = JSON.parse(body.toString("utf8")) as { request: object };
  return Buffer.from(JSON.stringify({ ...review, request: { ...review.request, object } }));
}

/** What a contestant makes of a case: the pod, as one text, or that it has no verdict. */
export async function outcomeOf(
  each: Case,
  paths: readonly string[],
  call: (path: string, body: Buffer) => Promise<Reply>,
): Promise<string> {
  let { body } = each;
  for (const path of paths) {
    const reply = await call(path, body);
    if (each.kind === "invalid") return reply.status >= 400 ? "no verdict" : `a verdict: ${reply.body}`;
    body = reviewOf(body, podAfter(objectIn(body), reply));
  }
  return canonical(withoutOwnMarks(objectIn(body)));
}
