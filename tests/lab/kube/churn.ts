import { setTimeout as pause } from "node:timers/promises";
import type { KubeClient, KubeObject } from "../../../services/lib/kube/client.ts";
import { isNotFound } from "../../../services/lib/kube/errors.ts";
import { configMaps } from "./observer.ts";

/** What was written: the version of each object created or changed, and how many were deleted. */
export interface Changes {
  readonly versions: readonly string[];
  readonly deletions: number;
}

export interface ChurnOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names at most. */
  readonly names: number;
  readonly pauseMs: number;
  readonly random: () => number;
}

const tiers = ["red", "green", "blue"] as const;

/** Text with characters of one to four bytes, so that a cut often falls within one. */
function unevenText(random: () => number): string {
  return Array.from(
    { length: Math.floor(random() * 120) },
    () => ["a", "é", "€", "😀", "\n"][Math.floor(random() * 5)],
  ).join("");
}

const nameOf = (number: number): string => `churn-${number}`;

/** Writes an object with another text and perhaps another tier; answers its version. */
async function put({ client, namespace, labels, random }: ChurnOptions, name: string, change: number): Promise<string> {
  const tier = tiers[Math.floor(random() * tiers.length)] ?? "red";
  const metadata = { name, namespace, labels: { ...labels, tier } };
  const data = { change: `${change}`, text: unevenText(random) };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
  const how = { type: "apply", fieldManager: "churn", force: true } as const;
  const stored = await client.patch<KubeObject>(configMaps, namespace, name, body, how);
  return stored.metadata.resourceVersion ?? "";
}

/** Makes an object of every name. */
export async function fill(options: ChurnOptions): Promise<void> {
  for (let number = 0; number < options.names; number++) await put(options, nameOf(number), 0);
}

/**
 * Creates, changes, relabels, deletes and recreates objects until the signal, without a word where the API server is away.
 */
export async function churn(options: ChurnOptions, signal: AbortSignal): Promise<Changes> {
  const { client, namespace, names, pauseMs, random } = options;
  let deletions = 0;
  const versions: string[] = [];
  const change = async (name: string): Promise<void> => {
    versions.push(await put(options, name, versions.length));
  };
  const remove = async (name: string): Promise<void> => {
    await client.delete(configMaps, namespace, name);
    deletions++;
  };
  while (!signal.aborted) {
    const name = nameOf(Math.floor(random() * names));
    const what = random();
    try {
      if (what < 0.75) await change(name);
      else await remove(name);
      if (what > 0.9) await change(name);
      await pause(pauseMs);
    } catch (error) {
      if (!isNotFound(error)) await pause(200);
    }
  }
  return { versions, deletions };
}
