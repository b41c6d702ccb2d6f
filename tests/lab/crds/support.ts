import { randomBytes } from "node:crypto";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { customResourceDefinitions } from "../../../crds/index.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { isNotFound, KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";

export type Stored = KubeObject & { readonly spec: unknown; readonly status?: unknown };

/** What the API server has against a field of an object. */
export interface Refusal {
  readonly field: string;
  readonly message: string;
}

export interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

interface DefinitionSpec {
  readonly names: { readonly kind: string; readonly plural: string };
  readonly scope: "Cluster" | "Namespaced";
}

const definitions: ResourceRef = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
};
const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };

/** What an object may take to go with all that is in it. */
const GOING_MS = 150_000;

async function removed(client: KubeClient, ref: ResourceRef, name: string): Promise<void> {
  const tolerated = (error: unknown): undefined => {
    if (isNotFound(error)) return undefined;
    throw error;
  };
  await client.delete(ref, undefined, name).catch(tolerated);
  await eventually(
    `${ref.kind} ${name} gone`,
    async () => ((await client.get(ref, undefined, name).catch(tolerated)) === undefined ? true : undefined),
    GOING_MS,
  );
}

/** A definition of this repository under a group of the test's own, so that the platform's objects stay alone. */
export class TestDefinition {
  readonly client: KubeClient;
  readonly ref: ResourceRef;
  readonly namespace: string | undefined;
  readonly #definition: Record<string, unknown>;

  constructor(client: KubeClient, kind: string) {
    const unique = randomBytes(3).toString("hex");
    const found = customResourceDefinitions.find(({ spec }) => (spec as unknown as DefinitionSpec).names.kind === kind);
    const renamed = JSON.stringify(found).replaceAll("carrel.dev", `x${unique}.example.com`);
    this.client = client;
    this.#definition = JSON.parse(renamed) as Record<string, unknown>;
    const { names, scope } = this.#definition["spec"] as DefinitionSpec;
    this.namespace = scope === "Namespaced" ? `crds-${unique}` : undefined;
    this.ref = {
      apiVersion: `x${unique}.example.com/v1`,
      kind,
      plural: names.plural,
      namespaced: this.namespace !== undefined,
    };
  }

  get #name(): string {
    return (this.#definition["metadata"] as { name: string }).name;
  }

  /** The collection's path. */
  get path(): string {
    const scope = this.namespace === undefined ? "" : `/namespaces/${this.namespace}`;
    return `/apis/${this.ref.apiVersion}${scope}/${this.ref.plural}`;
  }

  async begin(): Promise<void> {
    await this.client.create(definitions, undefined, this.#definition, { fieldValidation: "Strict" });
    if (this.namespace !== undefined) {
      const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: this.namespace } };
      await this.client.create(namespaces, undefined, namespace);
    }
    await eventually(`${this.ref.kind} served`, () => this.client.list(this.ref, this.namespace));
  }

  async end(): Promise<void> {
    try {
      await removed(this.client, definitions, this.#name);
    } finally {
      if (this.namespace !== undefined) await removed(this.client, namespaces, this.namespace);
    }
  }

  create(name: string, rest: Record<string, unknown>): Promise<Stored> {
    const { apiVersion, kind } = this.ref;
    const object = { apiVersion, kind, metadata: { name }, ...rest };
    return this.client.create<Stored>(this.ref, this.namespace, object, { fieldValidation: "Strict" });
  }

  /** Why an object is not accepted, field by field. @throws Error when it is */
  async refusals(spec: unknown): Promise<readonly Refusal[]> {
    try {
      await this.create(`refused-${randomBytes(4).toString("hex")}`, { spec });
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const { causes } = (error.details ?? {}) as { causes?: readonly Refusal[] };
      return causes?.map(({ field, message }) => ({ field, message })) ?? [{ field: "", message: error.message }];
    }
    throw new Error(`${this.ref.kind} was accepted: ${JSON.stringify(spec)}`);
  }

  /** The objects as kubectl prints them. */
  async table(): Promise<Table> {
    const { server, ca, cert, key } = this.client.config;
    const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const body = await new Promise<string>((resolve, reject) => {
      request(`${server}${this.path}`, { ca, cert, key, headers, timeout: 30_000 }, (response) =>
        text(response).then(resolve, reject),
      )
        .once("error", reject)
        .end();
    });
    return JSON.parse(body) as Table;
  }
}

/** A definition for the tests of one `describe`. */
export function definitionUnderTest(kind: string): () => TestDefinition {
  let definition: TestDefinition | undefined;
  before(async () => {
    definition = new TestDefinition((await labUnderTest()).client, kind);
    await definition.begin();
  });
  after(async function () {
    this.timeout(2 * GOING_MS + 60_000);
    await definition?.end();
  });
  return () => {
    if (definition) return definition;
    throw new Error(`${kind} is used before it is defined`);
  };
}
