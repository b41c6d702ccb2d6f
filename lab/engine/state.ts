import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { PassphraseSecrets } from "./passphrase.ts";
import { SECRET_SIGNATURE, SIGNATURE } from "./protocol.ts";
import { isRecord, mapValue, type Props, Secret } from "./values.ts";

/** A resource of Pulumi's deployment format v3; absent fields are left out of the file. */
export interface ResourceState {
  readonly urn: string;
  readonly custom: boolean;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Props;
  readonly outputs?: Props;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  /** `urn::id` of the provider resource. */
  readonly provider?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deletedWith?: string;
  readonly external?: boolean;
  readonly additionalSecretOutputs?: readonly string[];
  readonly customTimeouts?: Readonly<Record<string, number>>;
  /** It was replaced, and waits to be deleted. */
  readonly delete?: boolean;
  readonly initErrors?: readonly string[];
  readonly created?: string;
  readonly modified?: string;
}

export interface PendingOperation {
  readonly resource: ResourceState;
  readonly type: "creating" | "updating" | "deleting" | "reading";
}

export interface Deployment {
  readonly resources: readonly ResourceState[];
  readonly pending: readonly PendingOperation[];
}

const MAGIC = "carrel-lab-engine";

function encode(value: unknown, secrets: PassphraseSecrets): unknown {
  return mapValue(value, (leaf) =>
    leaf instanceof Secret
      ? { [SIGNATURE]: SECRET_SIGNATURE, ciphertext: secrets.encrypt(JSON.stringify(encode(leaf.value, secrets))) }
      : leaf,
  );
}

function decode(value: unknown, secrets: PassphraseSecrets): unknown {
  return mapValue(value, (leaf) => {
    if (!isRecord(leaf) || leaf[SIGNATURE] !== SECRET_SIGNATURE) return leaf;
    const text =
      typeof leaf["ciphertext"] === "string" ? secrets.decrypt(leaf["ciphertext"]) : String(leaf["plaintext"]);
    return new Secret(decode(JSON.parse(text), secrets));
  });
}

/** What `stack export` prints and `stack import` takes. */
export interface ExportedDeployment {
  readonly version: 3;
  readonly deployment: Record<string, unknown>;
}

export function exportDeployment(deployment: Deployment, secrets: PassphraseSecrets, now: Date): ExportedDeployment {
  return {
    version: 3,
    deployment: {
      manifest: { time: now.toISOString(), magic: MAGIC, version: "" },
      secrets_providers: { type: "passphrase", state: { salt: secrets.salt } },
      resources: encode(deployment.resources, secrets),
      ...(deployment.pending.length === 0 ? {} : { pending_operations: encode(deployment.pending, secrets) }),
    },
  };
}

export function importDeployment(exported: Record<string, unknown>, secrets: PassphraseSecrets): Deployment {
  return {
    resources: decode(exported["resources"] ?? [], secrets) as ResourceState[],
    pending: decode(exported["pending_operations"] ?? [], secrets) as PendingOperation[],
  };
}

/** The salt of a state, before any secret of it can be read. */
export function saltOf(exported: Record<string, unknown> | undefined): string | undefined {
  const providers = exported?.["secrets_providers"] as { state?: { salt?: string } } | undefined;
  return providers?.state?.salt;
}

/** A stack's file in the layout of Pulumi's file backend. */
export class StateFile {
  readonly path: string;
  readonly #stack: string;

  constructor(path: string, stack: string) {
    this.path = path;
    this.#stack = stack;
  }

  /** The deployment as it is in the file, or nothing when the stack was never deployed. */
  read(): Record<string, unknown> | undefined {
    try {
      const file = JSON.parse(readFileSync(this.path, "utf8")) as { checkpoint?: { latest?: Record<string, unknown> } };
      return file.checkpoint?.latest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Replaces the file at once and durably: an interrupted write leaves the earlier one. */
  write(deployment: Record<string, unknown>): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const next = `${this.path}.new`;
    const descriptor = openSync(next, "w", 0o600);
    try {
      writeSync(
        descriptor,
        `${JSON.stringify({ version: 3, checkpoint: { stack: this.#stack, latest: deployment } }, null, 1)}\n`,
      );
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, this.path);
  }
}
