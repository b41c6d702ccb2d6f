import { type StateResource, stateResources } from "./engine.ts";

/** Every Kubernetes object in the state that is ours, not only read, as `Kind id`. */
export function stackObjects(resources: readonly StateResource[] = stateResources()): string[] {
  return resources
    .filter(({ type, custom, external }) => custom && external !== true && type.startsWith("kubernetes:"))
    .map(({ type, id }) => `${type.split(":").at(-1)} ${id}`)
    .sort();
}
