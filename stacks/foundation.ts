import type * as k8s from "@pulumi/kubernetes";
import { CertificateAuthority } from "../components/foundation/certificate-authority.ts";
import { Definitions } from "../components/foundation/definitions.ts";
import { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import { Priorities } from "../components/foundation/priorities.ts";
import type { Settings } from "../config/settings.ts";
import {
  type CustomResourceDefinition,
  customResourceDefinitions,
  kubeflowPodDefaultDefinition,
} from "../crds/index.ts";

/** What every other part stands on. */
export interface Foundation {
  readonly system: ManagedNamespace;
  readonly work: ManagedNamespace;
  readonly definitions: Definitions;
  readonly priorities: Priorities;
  readonly authority: CertificateAuthority;
}

/** Kubeflow's kind is left alone where Kubeflow has brought its own. */
function definitionsFor({ podDefaults }: Settings): readonly CustomResourceDefinition[] {
  return podDefaults.installKubeflowCrd
    ? [...customResourceDefinitions, kubeflowPodDefaultDefinition]
    : customResourceDefinitions;
}

/** Namespaces, custom resources, priorities and the platform's certificate authority. */
export function foundation(settings: Settings, provider: k8s.Provider): Foundation {
  const { namespaces, prefix, certificates } = settings;
  const none = { quota: false, podDefaults: false, imageMirror: false };
  // Without rules there is nothing to ask about.
  const all = { quota: true, podDefaults: true, imageMirror: settings.imageMirror.rules.length > 0 };
  const opts = { providers: { kubernetes: provider } };
  return {
    system: new ManagedNamespace(
      "system",
      { namespace: namespaces.system, podSecurity: "restricted", optIns: none, dns: false },
      opts,
    ),
    work: new ManagedNamespace(
      "work",
      { namespace: namespaces.work, podSecurity: "restricted", optIns: all, dns: true },
      opts,
    ),
    definitions: new Definitions("definitions", { definitions: definitionsFor(settings) }, opts),
    priorities: new Priorities("priorities", { prefix }, opts),
    authority: new CertificateAuthority("authority", { commonName: `${prefix} authority`, ...certificates }, opts),
  };
}
