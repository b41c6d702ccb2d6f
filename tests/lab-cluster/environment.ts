import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

/** A temporary folder and environment variables of this process, both put back by `restore`. */
export class Scratch {
  readonly folder: string = mkdtempSync(join(tmpdir(), "carrel-lab-test-"));
  readonly #earlier = new Map<string, string | undefined>();

  set(variable: string, value: string | undefined): void {
    if (!this.#earlier.has(variable)) this.#earlier.set(variable, process.env[variable]);
    if (value === undefined) delete process.env[variable];
    else process.env[variable] = value;
  }

  /** Labs of this process keep their state and cache in the folder. */
  ownLabs(): void {
    this.set("CARREL_STATE_DIR", join(this.folder, "state"));
    this.set("CARREL_CACHE_DIR", join(this.folder, "cache"));
  }

  write(file: string, text: string): string {
    const path = join(this.folder, file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(file: string): string {
    return readFileSync(resolve(this.folder, file), "utf8");
  }

  /** Puts a shell script in the place of a program; each call is written down before the script runs. */
  program(name: string, script = ""): void {
    const path = this.write(
      `bin/${name}`,
      `#!/bin/sh\nprintf '%s' "${name}" >>"${this.folder}/calls"\nfor a in "$@"; do printf ' %s' "$a" >>"${this.folder}/calls"; done\necho >>"${this.folder}/calls"\n${script}\n`,
    );
    chmodSync(path, 0o755);
  }

  /** Looks for programs in the folder first, and with `only` nowhere else. */
  usePrograms(only = false): void {
    const bin = join(this.folder, "bin");
    mkdirSync(bin, { recursive: true });
    this.set("PATH", only ? bin : [bin, "/usr/bin", "/bin"].join(delimiter));
  }

  calls(): string[] {
    const file = join(this.folder, "calls");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  restore(): void {
    for (const [variable, value] of this.#earlier) {
      if (value === undefined) delete process.env[variable];
      else process.env[variable] = value;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
