import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../services/lib/user-error.ts";
import { PassphraseSecrets } from "./passphrase.ts";
import type { Project } from "./project.ts";
import { type Deployment, exportDeployment, importDeployment, StateFile, saltOf } from "./state.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws UserError when no passphrase is given, as Pulumi's CLI asks for it */
export function passphraseFrom(env: Environment): string {
  const direct = env["PULUMI_CONFIG_PASSPHRASE"];
  if (direct !== undefined) return direct;
  const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (file !== undefined && existsSync(file)) return readFileSync(file, "utf8").trim();
  throw new UserError(
    "passphrase-missing",
    `no passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that exists${file === undefined ? "" : ` (given: ${file})`}`,
  );
}

/** The folder of a `file://` backend. @throws UserError for any other backend */
export function backendFolder(env: Environment): string {
  const url = env["PULUMI_BACKEND_URL"] ?? "file://~";
  if (!url.startsWith("file://")) {
    throw new UserError(
      "backend",
      `PULUMI_BACKEND_URL is "${url}": the lab's engine keeps states in files only; set it to file://FOLDER`,
    );
  }
  return url.slice("file://".length).replace(/^~(?=\/|$)/, homedir());
}

/** The stored state of one stack and what encrypts it. */
export class StackBackend {
  readonly file: StateFile;
  readonly secrets: PassphraseSecrets;
  readonly #stored: Record<string, unknown> | undefined;

  constructor(project: Project, env: Environment) {
    const path = join(backendFolder(env), ".pulumi", "stacks", project.name, `${project.stack}.json`);
    this.file = new StateFile(path, `organization/${project.name}/${project.stack}`);
    this.#stored = this.file.read();
    const salt = project.encryptionSalt ?? saltOf(this.#stored);
    const passphrase = passphraseFrom(env);
    this.secrets = salt === undefined ? PassphraseSecrets.create(passphrase) : PassphraseSecrets.open(passphrase, salt);
  }

  get exists(): boolean {
    return this.#stored !== undefined;
  }

  get deployment(): Deployment {
    return importDeployment(this.#stored ?? {}, this.secrets);
  }

  save(deployment: Deployment): void {
    this.file.write(exportDeployment(deployment, this.secrets, new Date()).deployment);
  }
}
