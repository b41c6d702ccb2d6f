import type { Settings } from "./settings.ts";
import { settled } from "./settled.ts";
import type { Given } from "./validate.ts";

/** What each service does, as far as it is given, else by default. */
export function services(given: Given): Pick<Settings, "admission" | "quota" | "imageMirror" | "podDefaults"> {
  const clientCa = given["admission.clientCa"];
  const names = [...settled(given, "admission.clientNames")];
  return {
    admission: {
      replicas: settled(given, "admission.replicas"),
      logLevel: settled(given, "admission.logLevel"),
      bypassServiceAccounts: [...settled(given, "admission.bypassServiceAccounts")],
      ...(clientCa === undefined ? {} : { clients: { ca: clientCa, names } }),
    },
    quota: { accelerators: [...settled(given, "quota.accelerators")] },
    imageMirror: {
      rules: [...settled(given, "imageMirror.rules")],
      exempt: [...settled(given, "imageMirror.exempt")],
      onMissing: settled(given, "imageMirror.onMissing"),
      failurePolicy: settled(given, "imageMirror.failurePolicy"),
    },
    podDefaults: {
      failurePolicy: settled(given, "podDefaults.failurePolicy"),
      untouchedContainers: [...settled(given, "podDefaults.untouchedContainers")],
      installKubeflowCrd: settled(given, "podDefaults.installKubeflowCrd"),
    },
  };
}
