import type { webcrypto } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://id.library.test/realms/carrel";

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = "RS256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** A realm that publishes keys over HTTP and signs tokens with them. */
export class Realm {
  readonly #server: Server;
  published: JWK[];
  asked = 0;
  /** What is answered in place of the keys. */
  status = 200;

  private constructor(keys: readonly SigningKey[]) {
    this.published = keys.map(({ jwk }) => jwk);
    this.#server = createServer((_, response) => {
      this.asked++;
      response.writeHead(this.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ keys: this.published }));
    });
  }

  static async of(...keys: readonly SigningKey[]): Promise<Realm> {
    const realm = new Realm(keys);
    await new Promise<void>((resolve) => realm.#server.listen(0, "127.0.0.1", resolve));
    return realm;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/certs`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Claims of a good access token of a user, at a time in seconds. */
export const claimsOf = (user: string, nowSeconds: number): JWTPayload => ({
  iss: ISSUER,
  aud: ["account", "carrel-api"],
  typ: "Bearer",
  sub: `u-${user}`,
  preferred_username: user,
  iat: nowSeconds,
  exp: nowSeconds + 300,
});

export const signed = (claims: JWTPayload, { privateKey, kid, alg }: SigningKey): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, kid, typ: "JWT" }).sign(privateKey);
