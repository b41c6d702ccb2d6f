import { randomBytes } from "node:crypto";
import type { LabEndpoints } from "../../../lab/endpoints.ts";
import type { PropertyDiff } from "../../../lab/engine/values.ts";
import type { KubeClient, KubeObject } from "../../../services/lib/kube/client.ts";
import { isNotFound } from "../../../services/lib/kube/errors.ts";
import { document, type RunDocument, type RunResult, TestProject } from "../../engine/support/project.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createNamespace } from "../../support/namespace.ts";

export type Json = KubeObject & Record<string, unknown>;

/** What the API server fills in by itself, and what differs from run to run. */
const VOLATILE = ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"];

/** An object without what differs from run to run. */
export function lasting({ metadata, ...rest }: Json): Record<string, unknown> {
  const entries = Object.entries(metadata).filter(([key]) => !VOLATILE.includes(key));
  return { ...rest, metadata: Object.fromEntries(entries) };
}

/** A small program, the namespace on the lab that it may fill, and what the server then has there. */
export class LabProgram {
  readonly project: TestProject;
  readonly client: KubeClient;
  readonly endpoints: LabEndpoints;
  readonly namespace: string;
  /** Unique in this run, for what has no namespace. */
  readonly unique: string;
  /** Arguments of `k8s.Provider` beside the kubeconfig and the namespace. */
  providerArgs: Record<string, unknown> = {};
  readonly #runs: Promise<RunResult>[] = [];

  constructor(name: string, client: KubeClient, endpoints: LabEndpoints) {
    this.project = new TestProject(name);
    this.client = client;
    this.endpoints = endpoints;
    this.unique = randomBytes(3).toString("hex");
    this.namespace = `engine-${name}-${this.unique}`;
  }

  /** Replaces the program: `provider` and `opts` go to the lab, and the default namespace is the test's own. */
  program(body: string, kubeconfig: string = this.endpoints.kubeconfig): void {
    const args = JSON.stringify({ kubeconfig, namespace: this.namespace, ...this.providerArgs });
    const lines = [
      'import * as pulumi from "@pulumi/pulumi";',
      'import * as k8s from "@pulumi/kubernetes";',
      `const provider = new k8s.Provider("lab", ${args});`,
      "const opts = { provider };",
    ];
    this.project.write("index.ts", [...lines, body].join("\n"));
  }

  run(action: string, ...args: string[]): Promise<RunResult> {
    const result = this.project.engine([action, "--json", ...args]);
    this.#runs.push(result);
    return result;
  }

  /** Runs what has to go well, and answers its document. @throws Error with the whole output */
  done(action: string, ...args: string[]): Promise<RunDocument> {
    const done = this.run(action, ...args).then((result) => {
      if (result.code === 0) return document(result);
      throw new Error(`${action} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
    });
    // Whoever awaits it hears of a failure; a test that fails meanwhile does not await it any more.
    done.catch(() => {});
    return done;
  }

  /** Lets go of what a test that failed still holds by finalizers, and waits for the runs that it has begun. */
  async settle(): Promise<void> {
    const ref = await this.client.resourceFor("v1", "ConfigMap");
    const { items } = await this.client.list(ref, this.namespace);
    const held = items.filter(({ metadata }) => "finalizers" in metadata);
    const free = { metadata: { finalizers: null } };
    await Promise.all(held.map(({ metadata }) => this.change("v1", "ConfigMap", metadata.name, free)));
    await Promise.allSettled(this.#runs);
  }

  /** Replaces the program, and applies it. */
  async up(body: string): Promise<RunDocument> {
    this.program(body);
    return this.done("up");
  }

  /** An object on the server, in the test's namespace where its kind has one; nothing where there is none. */
  async object(apiVersion: string, kind: string, name: string): Promise<Json | undefined> {
    try {
      const ref = await this.client.resourceFor(apiVersion, kind);
      return await this.client.get<Json>(ref, ref.namespaced ? this.namespace : undefined, name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** @throws Error where there is no such object */
  async existing(apiVersion: string, kind: string, name: string): Promise<Json> {
    const found = await this.object(apiVersion, kind, name);
    if (!found) throw new Error(`there is no ${kind} ${name} in ${this.namespace}`);
    return found;
  }

  /** Names of the objects of a kind in the test's namespace. */
  async names(apiVersion: string, kind: string): Promise<string[]> {
    const ref = await this.client.resourceFor(apiVersion, kind);
    const { items } = await this.client.list(ref, this.namespace);
    return items.map(({ metadata }) => metadata.name).sort();
  }

  /** Puts an object there by hand. */
  async put(object: Record<string, unknown> & { apiVersion: string; kind: string }): Promise<Json> {
    const ref = await this.client.resourceFor(object.apiVersion, object.kind);
    const namespace = ref.namespaced ? this.namespace : undefined;
    return this.client.create<Json>(ref, namespace, object, { fieldManager: "somebody" });
  }

  /** Changes an object by hand. */
  async change(apiVersion: string, kind: string, name: string, patch: Record<string, unknown>): Promise<Json> {
    const ref = await this.client.resourceFor(apiVersion, kind);
    const namespace = ref.namespaced ? this.namespace : undefined;
    return this.client.patch<Json>(ref, namespace, name, patch, { type: "merge", fieldManager: "somebody" });
  }

  /** Deletes an object by hand, and waits until it is gone. */
  async remove(apiVersion: string, kind: string, name: string, timeoutMs?: number): Promise<void> {
    const ref = await this.client.resourceFor(apiVersion, kind);
    await this.client.delete(ref, ref.namespaced ? this.namespace : undefined, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    await this.gone(apiVersion, kind, name, timeoutMs);
  }

  async gone(apiVersion: string, kind: string, name: string, timeoutMs = 90_000): Promise<void> {
    await eventually(
      `${kind} ${name} gone`,
      async () => ((await this.object(apiVersion, kind, name)) ? undefined : true),
      timeoutMs,
    );
  }
}

/** What a namespace may take to go while other tests keep the machine busy. */
const LEAVING_MS = 300_000;
const leaving: Promise<void>[] = [];
after(async function () {
  this.timeout(LEAVING_MS + 30_000);
  await Promise.all(leaving);
});

function leave(lab: LabProgram): void {
  const gone = lab.remove("v1", "Namespace", lab.namespace, LEAVING_MS);
  // Until the end nobody waits for it, and it would be taken for a failure of whichever test runs then.
  gone.catch(() => {});
  leaving.push(gone);
}

/** A program and its namespace for as long as `work` takes; what it leaves is gone at the end of all tests. */
export async function withLab(name: string, work: (lab: LabProgram) => Promise<void>): Promise<void> {
  const { client, endpoints } = await labUnderTest();
  client.invalidate();
  const lab = new LabProgram(name, client, endpoints);
  try {
    await createNamespace(client, lab.namespace);
    // Kubernetes puts it into every namespace, a while later.
    await eventually("the namespace's certificate", () => lab.object("v1", "ConfigMap", "kube-root-ca.crt"));
    await work(lab);
  } finally {
    await lab.settle().catch(() => {});
    leave(lab);
    lab.project.remove();
  }
}

const shortName = (urn: string): string => {
  const [, , type = "", name = ""] = urn.split("::");
  return `${type.split(":").at(-1)} ${name}`;
};

/** What was done, as `op Kind name` in alphabetical order, without what stayed as it was. */
export function operations({ steps }: RunDocument): string[] {
  return steps
    .filter(({ op, urn }) => op !== "same" && !urn.includes("::pulumi:"))
    .map(({ op, urn }) => `${op} ${shortName(urn)}`)
    .sort();
}

/** What a preview announces, where a deletion that a replacement brings along is a step of its own. */
export const planned = (run: RunDocument): string[] => operations(run).filter((step) => !step.startsWith("delete "));

/** The fields that the step of one resource changes. */
export function changesOf({ steps }: RunDocument, name: string): readonly PropertyDiff[] {
  const found = steps.filter(({ op, urn }) => urn.endsWith(`::${name}`) && op !== "delete");
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} steps are of "${name}"`);
  return found[0]["detailedDiff"] as readonly PropertyDiff[];
}

/** Why a run failed, one text per resource. */
export const reasons = (result: RunResult): string[] => document(result).diagnostics.map(({ message }) => message);

/** The URN of a resource without a parent. */
export const urnOf = (lab: LabProgram, type: string, name: string): string =>
  `urn:pulumi:test::${lab.project.name}::kubernetes:${type}::${name}`;
