import type { KubeClient, KubeObject, ResourceRef } from "../../services/lib/kube/client.ts";
import { isNotFound } from "../../services/lib/kube/errors.ts";

/** Who has applied the platform's objects. */
export const ENGINE_MANAGER = "carrel-lab-engine";

interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** For a kind that goes meanwhile: its group is still told of, and does not answer any more. */
function nothingWhereGone<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (isNotFound(error)) return nothing;
    throw error;
  };
}

async function listable(client: KubeClient): Promise<ResourceRef[]> {
  const groups = (await client.request("GET", "/apis")) as { groups: { preferredVersion: { groupVersion: string } }[] };
  const versions = ["v1", ...groups.groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const found = await Promise.all(
    versions.map(async (apiVersion) => {
      const path = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
      const { resources } = (await client.request("GET", path).catch(nothingWhereGone({ resources: [] }))) as {
        resources: DiscoveredResource[];
      };
      return resources
        .filter(({ name, verbs }) => !name.includes("/") && verbs.includes("list"))
        .map(({ name, kind, namespaced }) => ({ apiVersion, kind, plural: name, namespaced }));
    }),
  );
  return found.flat();
}

/** Every object on the cluster that the engine has applied, as `Kind id`, of every kind that the server has. */
export async function managedObjects(client: KubeClient): Promise<string[]> {
  const kinds = await listable(client);
  const found = await Promise.all(
    kinds.map(async (ref) => {
      const { items } = await client.list<KubeObject>(ref).catch(nothingWhereGone({ items: [] as KubeObject[] }));
      return items
        .filter(({ metadata }) => metadata.managedFields?.some(({ manager }) => manager === ENGINE_MANAGER))
        .map(
          ({ metadata: { namespace, name } }) => `${ref.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
        );
    }),
  );
  return found.flat().sort();
}
