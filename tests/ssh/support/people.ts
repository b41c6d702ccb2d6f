import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The platform's API, as far as the hub asks it about people. */
export interface PeopleApi {
  readonly url: string;
  readonly secret: string;
  /** Who is known and enabled. */
  readonly names: Set<string>;
  readonly stop: () => void;
}

interface Asked {
  readonly variables: { readonly user: string };
}

function answerTo(names: ReadonlySet<string>, { variables: { user } }: Asked): object {
  if (names.has(user)) return { data: { launchContext: { user: { name: user }, groups: [{ name: "physics" }] } } };
  return { errors: [{ message: `there is no user "${user}"`, extensions: { code: "NOT_FOUND" } }] };
}

/** Answers to whoever has the secret. */
export async function startPeopleApi(people: readonly string[]): Promise<PeopleApi> {
  const [names, secret] = [new Set(people), "secret-of-the-api"];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const isKnown = request.headers.authorization === `Bearer ${secret}`;
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      response.end(JSON.stringify(isKnown ? answerTo(names, asked) : {}));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/graphql`, secret, names, stop: () => server.close() };
}
