import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { UserError } from "../../services/lib/user-error.ts";

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What Pulumi encrypts into its salt, to tell a wrong passphrase. */
const CHECK_VALUE = "pulumi";

/** Pulumi's passphrase secrets: AES-256-GCM under a key that PBKDF2-SHA256 derives (pulumi/pulumi sdk/go/common/resource/config/crypt.go). */
export class PassphraseSecrets {
  /** `v1:SALT:v1:NONCE:CIPHERTEXT`, as it stands in stack files and states. */
  readonly salt: string;
  readonly #key: Buffer;
  /** A value keeps its ciphertext within a run, so that an unchanged state stays the same file. */
  readonly #encrypted = new Map<string, string>();

  private constructor(key: Buffer, salt: string) {
    this.#key = key;
    this.salt = salt;
  }

  static create(passphrase: string): PassphraseSecrets {
    const raw = randomBytes(8);
    const key = pbkdf2Sync(passphrase, raw, ITERATIONS, KEY_BYTES, "sha256");
    const secrets = new PassphraseSecrets(key, "");
    return new PassphraseSecrets(key, `v1:${raw.toString("base64")}:${secrets.encrypt(CHECK_VALUE)}`);
  }

  /** @throws UserError when the passphrase is not the one of the salt */
  static open(passphrase: string, salt: string): PassphraseSecrets {
    const [version, raw = "", ...check] = salt.split(":");
    if (version !== "v1")
      throw new UserError("salt", `encryption salt "${version}:..." is of an unknown version: only v1 is supported`);
    const key = pbkdf2Sync(passphrase, Buffer.from(raw, "base64"), ITERATIONS, KEY_BYTES, "sha256");
    const secrets = new PassphraseSecrets(key, salt);
    try {
      if (secrets.decrypt(check.join(":")) === CHECK_VALUE) return secrets;
    } catch {
      // A wrong key fails the authentication tag.
    }
    throw new UserError(
      "passphrase",
      "incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one this stack was made with",
    );
  }

  encrypt(text: string): string {
    const known = this.#encrypted.get(text);
    if (known !== undefined) return known;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const bytes = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    const ciphertext = `v1:${nonce.toString("base64")}:${bytes.toString("base64")}`;
    this.#encrypted.set(text, ciphertext);
    return ciphertext;
  }

  decrypt(ciphertext: string): string {
    const [version, nonce = "", data = ""] = ciphertext.split(":");
    if (version !== "v1")
      throw new UserError("ciphertext", `ciphertext "${version}:..." is of an unknown version: only v1 is supported`);
    const bytes = Buffer.from(data, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
    this.#encrypted.set(text, ciphertext);
    return text;
  }
}
