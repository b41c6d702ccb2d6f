import type { Merge } from "./keyed-list.ts";
import { mergeStringMap, stringMapField } from "./string-map.ts";

const nodeSelector = stringMapField("nodeSelector", ["spec", "nodeSelector"], (podDefault) => podDefault.nodeSelector);

/** Labels that the pod's node has to have; two values for one key would fit no node, so that they conflict. */
export function mergeNodeSelector(merge: Merge): void {
  mergeStringMap(merge, nodeSelector, merge.pod.spec?.nodeSelector);
}
