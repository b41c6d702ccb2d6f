import { type StateResource, stateResources } from "./engine.ts";

/** Every Kubernetes object in the state, as `Kind id`. */
export function stackObjects(resources: readonly StateResource[] = stateResources()): string[] {
  return resources
    .filter(({ type, custom }) => custom && type.startsWith("kubernetes:"))
    .map(({ type, id }) => `${type.split(":").at(-1)} ${id}`)
    .sort();
}
