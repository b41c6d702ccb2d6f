import { createHash, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../lib/user-error.ts";

/** What links are checked with; read from its files at each use, because secrets are rotated. */
export interface WelcomeSecrets {
  /** Whether it is the token of the first administrator's link. */
  readonly isFirstToken: (token: string) => boolean;
  readonly invitationKey: () => Buffer;
}

const HASH_FILE = "first-admin-hash";
const KEY_FILE = "invitation-key";
const HEX = /^[0-9a-f]{64}$/i;

function bytesIn(file: string): Buffer {
  const text = readFileSync(file, "utf8").trim();
  if (HEX.test(text)) return Buffer.from(text, "hex");
  throw new UserError("welcome-secret", `${file} must be 64 hexadecimal digits, it has ${text.length} characters`);
}

/**
 * The secrets in a folder; none where it has neither file.
 * @throws UserError where only one is there, or one is not readable
 */
export function welcomeSecrets(folder: string): WelcomeSecrets | undefined {
  const files = [join(folder, HASH_FILE), join(folder, KEY_FILE)] as const;
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === files.length) return undefined;
  if (missing.length > 0) throw new UserError("welcome-secret", `${missing.join()} is missing: mount both, or neither`);
  const [hash, key] = files;
  for (const file of files) bytesIn(file);
  return {
    isFirstToken: (token) => timingSafeEqual(createHash("sha256").update(token).digest(), bytesIn(hash)),
    invitationKey: () => bytesIn(key),
  };
}
