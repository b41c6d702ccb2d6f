import { type KeyPath, keys, type ValueAt } from "./schema.ts";
import type { Settings } from "./settings.ts";
import type { Given } from "./validate.ts";

type WithDefault = {
  [P in KeyPath]: (typeof keys)[P] extends { readonly default: ValueAt<P> } ? P : never;
}[KeyPath];

/** What each service does, as far as it is given, else by default. */
export function services(given: Given): Pick<Settings, "admission" | "quota" | "imageMirror" | "podDefaults"> {
  const settled = <P extends WithDefault>(path: P): ValueAt<P> =>
    given[path] ?? ((keys[path] as { readonly default: unknown }).default as ValueAt<P>);
  const clientCa = given["admission.clientCa"];
  const names = [...settled("admission.clientNames")];
  return {
    admission: {
      replicas: settled("admission.replicas"),
      logLevel: settled("admission.logLevel"),
      bypassServiceAccounts: [...settled("admission.bypassServiceAccounts")],
      ...(clientCa === undefined ? {} : { clients: { ca: clientCa, names } }),
    },
    quota: { accelerators: [...settled("quota.accelerators")] },
    imageMirror: {
      rules: [...settled("imageMirror.rules")],
      exempt: [...settled("imageMirror.exempt")],
      onMissing: settled("imageMirror.onMissing"),
      failurePolicy: settled("imageMirror.failurePolicy"),
    },
    podDefaults: {
      failurePolicy: settled("podDefaults.failurePolicy"),
      untouchedContainers: [...settled("podDefaults.untouchedContainers")],
      installKubeflowCrd: settled("podDefaults.installKubeflowCrd"),
    },
  };
}
