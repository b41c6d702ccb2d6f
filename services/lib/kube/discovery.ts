import { KubeError } from "./errors.ts";
import type { ResourceRef } from "./types.ts";

interface ApiResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** Answers how a kind is addressed, one request per group and version. */
export class Discovery {
  readonly #get: (path: string) => Promise<unknown>;
  readonly #lists = new Map<string, Promise<ApiResourceList>>();

  constructor(get: (path: string) => Promise<unknown>) {
    this.#get = get;
  }

  async resourceFor(apiVersion: string, kind: string): Promise<ResourceRef> {
    const { resources = [] } = await this.#list(apiVersion);
    // A name with a slash is a subresource, e.g. `pods/log`.
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
    if (found) return { apiVersion, kind, plural: found.name, namespaced: found.namespaced };
    this.#lists.delete(apiVersion);
    const message = `the API server does not serve ${kind} of ${apiVersion}`;
    throw new KubeError(404, { kind: "Status", reason: "NotFound", message }, apiVersion);
  }

  invalidate(): void {
    this.#lists.clear();
  }

  #list(apiVersion: string): Promise<ApiResourceList> {
    const known = this.#lists.get(apiVersion);
    if (known !== undefined) return known;
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const asked = this.#get(path) as Promise<ApiResourceList>;
    this.#lists.set(apiVersion, asked);
    asked.catch(() => this.#lists.delete(apiVersion));
    return asked;
  }
}
