import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** What is answered before anybody is asked who they are. */
export interface Turned {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Headers = Readonly<Record<string, string>>;

export const GRAPHQL_PATH = "/graphql";

/** Headers by which a browser lets pages of one other origin read answers; none for any other. */
export function corsHeaders({ origin }: IncomingHttpHeaders, allowed: string | undefined): Headers {
  if (allowed === undefined) return {};
  if (origin !== allowed) return { vary: "origin" };
  return { vary: "origin", "access-control-allow-origin": allowed };
}

function preflight({ headers }: IncomingMessage, allowed: string | undefined): Turned {
  const cors = corsHeaders(headers, allowed);
  if (!("access-control-allow-origin" in cors)) {
    return { status: 403, message: "pages of this origin may not call the API", headers: cors };
  }
  const granted = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
  };
  return { status: 204, message: "", headers: { ...cors, ...granted } };
}

/**
 * Lets pass what is a POST of JSON to the one path: no form and no link of another site can send that, and a page needs the
 * browser's leave.
 * @param allowed the one other origin whose pages may call
 */
export function turnedAway(request: IncomingMessage, allowed: string | undefined): Turned | undefined {
  const { url = "", method = "", headers } = request;
  const cors = corsHeaders(headers, allowed);
  if (url.split("?")[0] !== GRAPHQL_PATH) {
    return { status: 404, message: `nothing is here: POST to ${GRAPHQL_PATH}`, headers: cors };
  }
  if (method === "OPTIONS") return preflight(request, allowed);
  if (method !== "POST") {
    return { status: 405, message: `${method} is not served: use POST`, headers: { ...cors, allow: "POST" } };
  }
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return { status: 415, message: "the body must be application/json", headers: cors };
  }
  return undefined;
}
