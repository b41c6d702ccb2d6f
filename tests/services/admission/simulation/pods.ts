import { type Amounts, add, largest, mapResources, nothing, parseDeclared } from "../../../../quota/resources.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import type { ApiServer } from "./api-server.ts";
import type { Demand } from "./scenario.ts";

export const NAMESPACE = "work";
type List = Readonly<Record<string, string>>;
interface Container {
  readonly name: string;
  readonly resources: { readonly limits: List };
}

export interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly [Container] };
  readonly status: { readonly phase: string; readonly containerStatuses?: readonly [Container] };
}

export const sized = (limits: List): readonly [Container] => [{ name: "main", resources: { limits } }];
export const nameOf = (uid: string): string => `pod-${uid}`;

export function podOf({ group, user, limits }: Demand, uid: string): Pod {
  const labels = { "carrel.dev/group": group, "carrel.dev/user": user };
  return {
    metadata: { name: nameOf(uid), namespace: NAMESPACE, uid, labels },
    spec: { containers: sized(limits) },
    status: { phase: "Pending" },
  };
}

function amountsOf([{ resources }]: readonly [Container]): Amounts {
  const { "nvidia.com/gpu": gpu = null, ...limits } = resources.limits;
  const declared = parseDeclared({ ...limits, gpu }, "limits");
  return mapResources((name) => declared[name] ?? 0n);
}

/** What a pod takes at this moment: what it asks for, or what it still has, whichever is more. */
const takenBy = ({ spec, status: { containerStatuses } }: Pod): Amounts => ({
  ...largest(amountsOf(spec.containers), containerStatuses ? amountsOf(containerStatuses) : nothing),
  pods: 1n,
});

const isLive = ({ status }: Pod): boolean => status.phase !== "Succeeded";
export const livePods = (api: ApiServer): readonly Pod[] => api.all<Pod>("pods").filter(isLive);
export const livePod = (api: ApiServer, uid: string): Pod | undefined =>
  livePods(api).find(({ metadata }) => metadata.uid === uid);

/** What the live pods of a group, or of its member as `group/user`, take. */
export function takenIn(api: ApiServer, key: string): Amounts {
  return livePods(api)
    .filter(({ metadata: { labels = {} } }) => {
      const group = labels["carrel.dev/group"];
      return key === group || key === `${group}/${labels["carrel.dev/user"]}`;
    })
    .reduce((sum, pod) => add(sum, takenBy(pod)), nothing);
}
