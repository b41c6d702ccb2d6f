import type { KubeflowPodDefault as KubeflowPodDefaultObject } from "../../crds/kubeflow-pod-default.ts";
import type { KubeObject, ResourceRef } from "../lib/kube/client.ts";
import { ListWatch, type ListWatchOptions } from "../lib/kube/list-watch.ts";
import { type Normalised, normalisePodDefault } from "../lib/pod-defaults/normalise.ts";
import { inOrder } from "../lib/pod-defaults/select.ts";
import type { KubeflowPodDefault, PodDefault } from "../lib/pod-defaults/types.ts";
import { toReport, type Usability } from "./pod-default-status.ts";

/** How Kubeflow's PodDefaults are addressed. */
export const podDefaultRef: ResourceRef = {
  apiVersion: "kubeflow.org/v1alpha1",
  kind: "PodDefault",
  plural: "poddefaults",
  namespaced: true,
};

interface Watched extends KubeObject {
  readonly normalised: Normalised;
  /** What its status does not say yet. */
  readonly unreported: Usability | undefined;
}

function watched(object: KubeObject): Watched {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const normalised = normalisePodDefault(object as unknown as KubeflowPodDefault);
  const { status } = object as { readonly status?: KubeflowPodDefaultObject["status"] };
  return { metadata, normalised, unreported: toReport(status, normalised.ok ? [] : normalised.reasons) };
}

/** The usable PodDefaults of each namespace, read once per change and kept in the order of application. */
export class PodDefaultStore {
  readonly watch: ListWatch<Watched>;
  readonly #byNamespace = new Map<string, readonly PodDefault[]>();

  /** @param report takes what the status of a PodDefault does not say yet */
  constructor(
    shared: Pick<ListWatchOptions<Watched>, "client" | "clock" | "random" | "log">,
    report: (podDefault: { name: string; namespace: string }, usability: Usability) => void = () => {},
  ) {
    const { log } = shared;
    const changed = ({ metadata }: Watched): void => void this.#byNamespace.delete(metadata.namespace ?? "");
    const taken = (podDefault: Watched): void => {
      changed(podDefault);
      const { normalised, unreported, metadata } = podDefault;
      if (unreported) report({ name: metadata.name, namespace: metadata.namespace ?? "" }, unreported);
      if (normalised.ok) return;
      const { name, namespace, reasons } = normalised;
      log?.warn("pod-default-unusable", { name, namespace, reason: reasons.join("; ") });
    };
    const handlers = { added: taken, updated: taken, deleted: changed };
    this.watch = new ListWatch<Watched>({ ...shared, ref: podDefaultRef, project: watched, handlers });
  }

  /** In order; nothing while they are not known. */
  in(namespace: string): readonly PodDefault[] | undefined {
    if (!this.watch.synced) return undefined;
    const known = this.#byNamespace.get(namespace);
    if (known) return known;
    const found = [...this.watch.store.values()]
      .flatMap(({ normalised }) =>
        normalised.ok && normalised.podDefault.namespace === namespace ? [normalised.podDefault] : [],
      )
      .sort(inOrder);
    this.#byNamespace.set(namespace, found);
    return found;
  }
}
