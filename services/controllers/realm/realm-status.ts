import type { Clock } from "../../lib/clock.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../lib/kube/client.ts";
import { isNotFound } from "../../lib/kube/errors.ts";
import { type Condition, conditionOf, type Finding, isNews } from "../condition.ts";
import type { EventWriter, Happening } from "../events.ts";

const configMapRef: ResourceRef = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
export const STATUS_NAME = "carrel-realm";
const CHANGES_KEPT = 50;

interface StatusMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface RealmStatusOptions {
  readonly client: Pick<KubeClient, "get" | "patch">;
  readonly clock: Clock;
  readonly events: Pick<EventWriter, "write">;
  /** Where the ConfigMap is. */
  readonly namespace: string;
}

function parsedConditions(text: string | undefined): readonly Condition[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? (value as Condition[]) : [];
  } catch {
    // Somebody has edited it; it is written anew.
    return [];
  }
}

/**
 * What is known of the realm, where people and programs can read it: the ConfigMap `carrel-realm` with the condition
 * `Ready`, the last changes and the digest of the declaration that was applied last; and Events on that ConfigMap.
 */
export class RealmStatus {
  readonly #options: RealmStatusOptions;
  #conditions: readonly Condition[] = [];
  #changes: readonly string[] = [];
  #declaration: string | undefined;
  #isRead = false;

  constructor(options: RealmStatusOptions) {
    this.#options = options;
  }

  /** The digest of the declaration that was applied last, by this process or one before it. @throws KubeError */
  async applied(): Promise<string | undefined> {
    if (!this.#isRead) await this.#read();
    return this.#declaration;
  }

  /** Says how the realm is; writes only what is news. @throws KubeError */
  async report(
    finding: Finding,
    told: { readonly declaration?: string; readonly changes?: readonly string[] } = {},
  ): Promise<void> {
    if (!this.#isRead) await this.#read();
    const { declaration = this.#declaration, changes = [] } = told;
    if (!isNews(finding, this.#conditions) && declaration === this.#declaration && changes.length === 0) return;
    const { client, clock, namespace } = this.#options;
    const time = new Date(clock.now()).toISOString();
    const kept = [...this.#changes, ...changes.map((change) => `${time} ${change}`)].slice(-CHANGES_KEPT);
    const conditions = [conditionOf(finding, this.#conditions, clock.now())];
    const data = {
      conditions: JSON.stringify(conditions),
      changes: kept.join("\n"),
      ...(declaration === undefined ? {} : { declaration }),
    };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: STATUS_NAME, namespace }, data };
    const how = { type: "apply", fieldManager: "carrel-controllers", force: true } as const;
    await client.patch(configMapRef, namespace, STATUS_NAME, object, how);
    this.#conditions = conditions;
    this.#changes = kept;
    this.#declaration = declaration;
  }

  /** Tells what has happened, as an Event. */
  tell(happening: Happening): Promise<void> {
    const { events, namespace } = this.#options;
    return events.write({ apiVersion: "v1", kind: "ConfigMap", namespace, name: STATUS_NAME }, happening);
  }

  async #read(): Promise<void> {
    const { client, namespace } = this.#options;
    const found = await client.get<StatusMap>(configMapRef, namespace, STATUS_NAME).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    this.#conditions = parsedConditions(found?.data?.["conditions"]);
    this.#changes = (found?.data?.["changes"] ?? "").split("\n").filter((line) => line !== "");
    this.#declaration = found?.data?.["declaration"];
    this.#isRead = true;
  }
}
