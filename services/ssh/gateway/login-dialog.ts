import ssh2, { type AuthContext, type Connection, type KeyboardAuthContext, type PublicKeyAuthContext } from "ssh2";
import { type Authenticator, fingerprintOf, type LoginResult, type Origin } from "../login/authenticator.ts";
import type { ClientAddress } from "./client-address.ts";

export interface LoginDialogOptions {
  readonly authenticator: Authenticator;
  readonly from: ClientAddress;
  /** Whether public keys can be registered. */
  readonly keys: boolean;
  /** Shown above the prompt. */
  readonly instructions: string;
  /** Called for each attempt; a success becomes one only when this agrees. */
  readonly onResult: (attempt: Attempt, result: LoginResult) => boolean;
}

/** What is told about an attempt; never what was given. */
export interface Attempt {
  readonly name: string;
  readonly method: AuthContext["method"];
  readonly key?: string;
}

/** As OpenSSH's MaxAuthTries. */
const MAX_TRIES = 6;
/** Clients offer every key that they have. */
const MAX_OFFERS = 20;
const LONGEST_NAME = 255;
/** Without SHA-1, and without keys of a hardware token, which the library cannot check. */
const KEY_ALGORITHM = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|rsa-sha2-(256|512))$/;

/** As the client named it: the library tells of RSA the key's type, and the hash apart from it. */
export const algorithmOf = ({ key, hashAlgo }: Pick<PublicKeyAuthContext, "key" | "hashAlgo">): string =>
  key.algo === "ssh-rsa" && hashAlgo !== undefined ? hashAlgo.replace("sha", "rsa-sha2-") : key.algo;

/** Whether the client has the key: it signed this connection's own identifier. */
export function isSigned({ key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  const parsed = ssh2.utils.parseKey(key.data);
  if (parsed instanceof Error || blob === undefined || signature === undefined) return false;
  const one = Array.isArray(parsed) ? parsed[0] : parsed;
  // An RSA signature without a named hash is one by SHA-1.
  if (one === undefined || (one.type === "ssh-rsa" && hashAlgo === undefined)) return false;
  return one.verify(blob, signature, hashAlgo) === true;
}

class LoginDialog {
  readonly #client: Connection;
  readonly #options: LoginDialogOptions;
  readonly #methods: AuthContext["method"][];
  #tries = 0;
  #offers = 0;

  constructor(client: Connection, options: LoginDialogOptions) {
    this.#client = client;
    this.#options = options;
    this.#methods = [...(options.keys ? (["publickey"] as const) : []), "keyboard-interactive", "password"];
  }

  answer(context: AuthContext): void {
    if (context.method === "publickey") void this.#byKey(context);
    else if (context.method === "keyboard-interactive") this.#byPrompt(context);
    else if (context.method === "password") this.#byToken(context, context.password);
    else this.#refuse(context);
  }

  async #byKey(context: PublicKeyAuthContext): Promise<void> {
    const { keys, authenticator } = this.#options;
    const { key, blob: signed, signature } = context;
    const offered = { algorithm: algorithmOf(context), key: key.data };
    const origin = this.#originOf(context);
    if (!keys || !KEY_ALGORITHM.test(offered.algorithm)) return this.#refuse(context);
    if (signed === undefined || signature === undefined) {
      const isWelcome = ++this.#offers <= MAX_OFFERS && (await authenticator.mayUse(origin, offered));
      return isWelcome ? context.accept() : this.#refuse(context);
    }
    if (!isSigned(context)) return this.#refuse(context);
    const result = authenticator.withKey(origin, { ...offered, signed, signature });
    return this.#attempt(context, result, { key: fingerprintOf(key.data) });
  }

  #byPrompt(context: KeyboardAuthContext): void {
    context.prompt([{ prompt: "Token: ", echo: false }], "", this.#options.instructions, ([pasted = ""]) => {
      this.#byToken(context, pasted);
    });
  }

  #byToken(context: AuthContext, pasted: string): void {
    void this.#attempt(context, this.#options.authenticator.withToken(this.#originOf(context), pasted));
  }

  async #attempt(context: AuthContext, result: Promise<LoginResult>, shown: { key?: string } = {}): Promise<void> {
    const name = context.username.slice(0, LONGEST_NAME);
    const isIn = this.#options.onResult({ name, method: context.method, ...shown }, await result);
    if (isIn) context.accept();
    else if (++this.#tries >= MAX_TRIES) this.#client.end();
    else this.#refuse(context);
  }

  #originOf({ username }: AuthContext): Origin {
    return { name: username, address: this.#options.from.own };
  }

  #refuse(context: AuthContext): void {
    context.reject([...this.#methods]);
  }
}

/** Answers a client that wants to log in, until it has or has tried too often. */
export function converse(client: Connection, options: LoginDialogOptions): void {
  const dialog = new LoginDialog(client, options);
  client.on("authentication", (context) => dialog.answer(context));
}
