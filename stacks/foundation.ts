import type * as k8s from "@pulumi/kubernetes";
import { CertificateAuthority } from "../components/foundation/certificate-authority.ts";
import { Definitions } from "../components/foundation/definitions.ts";
import { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import { Priorities } from "../components/foundation/priorities.ts";
import type { Settings } from "../config/settings.ts";
import { customResourceDefinitions } from "../crds/index.ts";

/** What every other part stands on. */
export interface Foundation {
  readonly system: ManagedNamespace;
  readonly work: ManagedNamespace;
  readonly definitions: Definitions;
  readonly priorities: Priorities;
  readonly authority: CertificateAuthority;
}

/** Namespaces, custom resources, priorities and the platform's certificate authority. */
export function foundation(settings: Settings, provider: k8s.Provider): Foundation {
  const { namespaces, prefix, certificates } = settings;
  const opts = { providers: { kubernetes: provider } };
  return {
    system: new ManagedNamespace(
      "system",
      { namespace: namespaces.system, podSecurity: "restricted", quota: false, dns: false },
      opts,
    ),
    work: new ManagedNamespace(
      "work",
      { namespace: namespaces.work, podSecurity: "restricted", quota: true, dns: true },
      opts,
    ),
    definitions: new Definitions("definitions", { definitions: customResourceDefinitions }, opts),
    priorities: new Priorities("priorities", { prefix }, opts),
    authority: new CertificateAuthority("authority", { commonName: `${prefix} authority`, ...certificates }, opts),
  };
}
