import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** What a person sees of one run. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of the test's own, in which the command runs and which is its home. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), "carrel-cli-"));

  /** Writes a file; anything but a text as JSON. */
  write(path: string, content: unknown): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  }

  /** Runs the real command, without any kubeconfig of the machine's. */
  async carrel(args: readonly string[], given: { stdin?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
    const env = { ...process.env, HOME: this.folder, KUBECONFIG: "", KUBERNETES_SERVICE_HOST: "", ...given.env };
    const child = spawn(process.execPath, [main, ...args], { cwd: this.folder, env });
    child.stdin.end(given.stdin ?? "");
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code: child.exitCode, out, err };
  }

  /** `carrel pod-defaults explain`. */
  explain(args: readonly string[], given: { stdin?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
    return this.carrel(["pod-defaults", "explain", ...args], given);
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Manifest of a Kubeflow PodDefault. */
export const podDefault = (name: string, spec: object, namespace: string | undefined = "lab") => ({
  apiVersion: "kubeflow.org/v1alpha1",
  kind: "PodDefault",
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec: { selector: {}, ...spec },
});

/** Manifest of a pod with one container. */
export const pod = (metadata: object = {}, container: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "nb", namespace: "lab", ...metadata },
  spec: { containers: [{ name: "main", image: "a@sha256:0", ...container }] },
});

/** A kubeconfig for a server, whose context has a namespace if it is given. */
export const kubeconfig = (server: string, namespace?: string, name = "test") => ({
  "current-context": name,
  clusters: [{ name, cluster: { server } }],
  users: [{ name, user: { token: "secret" } }],
  contexts: [{ name, context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) } }],
});
