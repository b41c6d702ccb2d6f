import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { mirrorPatch, type PlainRequest, podDefaultsPatch } from "./by-hand.ts";

const head = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"';
const bothPatches = (first: string, second: string): string =>
  first === "" || second === "" ? first + second : `${first.slice(0, -1)},${second.slice(1)}`;

const patchOf: Readonly<Record<string, (request: PlainRequest) => string>> = {
  /** The least that a webhook can do: a patch that is a constant. */
  "/": () => '[{"op":"replace","path":"/spec/containers/0/image","value":"mirror.test/hub/library/a:1"}]',
  "/image-mirror": mirrorPatch,
  "/pod-defaults": podDefaultsPatch,
  "/pod-defaults-image-mirror": (request) => bothPatches(podDefaultsPatch(request), mirrorPatch(request)),
};

function answer(request: IncomingMessage, response: ServerResponse, text: string): void {
  const review = JSON.parse(text) as { readonly request: PlainRequest };
  const [path = "/"] = (request.url ?? "/").split("?", 1);
  const patch = patchOf[path]?.(review.request) ?? "";
  const base64 = Buffer.from(patch).toString("base64");
  const tail = patch === "" ? '","allowed":true}}' : `","allowed":true,"patchType":"JSONPatch","patch":"${base64}"}}`;
  const body = head + review.request.uid + tail;
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Bare `node:https`: read, parse, and answer a patch that is put together as text. No log, no metrics, no checks. */
export function floorServer(pair: { readonly cert: string; readonly key: string }): Server {
  return createServer({ ...pair, minVersion: "TLSv1.3", keepAliveTimeout: 120_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      try {
        answer(request, response, Buffer.concat(chunks).toString("utf8"));
      } catch {
        response.writeHead(400, { "content-length": 0 }).end();
      }
    });
  });
}
