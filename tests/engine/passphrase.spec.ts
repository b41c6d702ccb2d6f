import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, pbkdf2Sync } from "node:crypto";
import * as fc from "fast-check";
import { PassphraseSecrets } from "../../lab/engine/passphrase.ts";
import { always } from "./support/property.ts";

const saltBytes = Buffer.from("00112233445566ff", "hex");
const keyOf = (passphrase: string, salt = saltBytes): Buffer => pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");

/** Pulumi's format, written here a second time: `v1:NONCE:CIPHERTEXT+TAG`. */
function encryptByHand(key: Buffer, nonce: Buffer, text: string): string {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const bytes = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${bytes.toString("base64")}`;
}

describe("passphrase secrets", function () {
  this.timeout(30_000);
  const key = keyOf("correct horse");
  const salt = `v1:${saltBytes.toString("base64")}:${encryptByHand(key, Buffer.alloc(12, 7), "pulumi")}`;
  let secrets: PassphraseSecrets;
  before(() => {
    secrets = PassphraseSecrets.open("correct horse", salt);
  });

  it("read what Pulumi has encrypted", () => {
    assert.equal(secrets.decrypt(encryptByHand(key, Buffer.alloc(12, 9), '"schlüssel"')), '"schlüssel"');
    assert.equal(secrets.salt, salt);
  });

  it("write what Pulumi can read", () => {
    const [version, nonce = "", data = ""] = secrets.encrypt("schlüssel").split(":");
    const bytes = Buffer.from(data, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-16));
    assert.equal(version, "v1");
    assert.equal(Buffer.from(nonce, "base64").length, 12);
    assert.equal(decipher.update(bytes.subarray(0, -16), undefined, "utf8") + decipher.final("utf8"), "schlüssel");
  });

  it("give every text back, and the same ciphertext for the same text within a run", () => {
    const again = (text: string): string[] => [secrets.decrypt(secrets.encrypt(text)), secrets.encrypt(text)];
    const any = fc.oneof(fc.string(), fc.constantFrom("schlüssel", "🔑\u0000", ""));
    always([any], (text) => assert.deepEqual(again(text), [text, secrets.encrypt(text)]));
    const stored = encryptByHand(key, Buffer.alloc(12, 3), "kept");
    secrets.decrypt(stored);
    assert.equal(secrets.encrypt("kept"), stored);
    assert.notEqual(secrets.encrypt("one"), secrets.encrypt("two"));
  });

  it("make a salt of Pulumi's form, new every time, that the passphrase opens", () => {
    const made = PassphraseSecrets.create("battery staple");
    assert.match(made.salt, /^v1:[\w+/]{11}=:v1:[\w+/]{16}:[\w+/]{30}==$/);
    const opened = PassphraseSecrets.open("battery staple", made.salt);
    assert.equal(opened.decrypt(made.encrypt("x")), "x");
  });

  it("refuse another passphrase, another version and changed ciphertexts", () => {
    assert.throws(() => PassphraseSecrets.open("guess", salt), {
      name: "UserError",
      code: "passphrase",
      message:
        "incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one this stack was made with",
    });
    assert.throws(() => PassphraseSecrets.open("correct horse", "v2:AAAA:v1:a:b"), {
      code: "salt",
      message: 'encryption salt "v2:..." is of an unknown version: only v1 is supported',
    });
    assert.throws(() => secrets.decrypt("v3:AAAA:BBBB"), {
      code: "ciphertext",
      message: 'ciphertext "v3:..." is of an unknown version: only v1 is supported',
    });
    const good = Buffer.from(encryptByHand(key, Buffer.alloc(12, 1), "text").split(":")[2] ?? "", "base64");
    good.writeUInt8(good.readUInt8(0) ^ 1, 0);
    const nonce = Buffer.alloc(12, 1).toString("base64");
    assert.throws(() => secrets.decrypt(`v1:${nonce}:${good.toString("base64")}`), /unable to authenticate data/);
  });
});
