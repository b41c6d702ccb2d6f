import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { AdmissionAccess } from "../components/admission/access.ts";
import { QuotaWebhook } from "../components/admission/quota-webhook.ts";
import { ADMISSION_SERVICE, AdmissionService } from "../components/admission/service.ts";
import { ServingCertificate } from "../components/core/serving-certificate.ts";
import type { Settings } from "../config/settings.ts";
import type { Foundation } from "./foundation.ts";

export interface Admission {
  readonly service: AdmissionService;
  readonly quota: QuotaWebhook;
}

/** The webhooks and the process that answers them. */
export function admission(
  settings: Settings,
  { system, definitions, priorities, authority }: Foundation,
  image: pulumi.Input<string>,
  provider: k8s.Provider,
): Admission {
  const { prefix, namespaces, certificates, network } = settings;
  const opts = { providers: { kubernetes: provider } };
  const access = new AdmissionAccess("admission-access", { namespace: system.name, prefix }, opts);
  const certificate = new ServingCertificate(
    "admission-serving",
    {
      namespace: system.name,
      namespaceName: namespaces.system,
      service: ADMISSION_SERVICE,
      component: "admission",
      authority,
      ...certificates,
    },
    opts,
  );
  const service = new AdmissionService(
    "admission",
    {
      namespace: system.name,
      image,
      serviceAccount: access.serviceAccount,
      tlsSecret: certificate.secretName,
      priorityClass: priorities.platform,
      ...settings.admission,
      controlPlaneCidrs: network.controlPlaneCidrs,
      monitoringNamespace: namespaces.monitoring,
    },
    // Without its rights and its kinds the process would start only to fail.
    { ...opts, dependsOn: [definitions, access, priorities] },
  );
  const quota = new QuotaWebhook(
    "quota",
    { prefix, caPem: authority.certPem, service: { name: service.service.metadata.name, namespace: system.name } },
    // It fails closed, so it comes when there is somebody to answer, and goes before they go.
    { ...opts, dependsOn: [service] },
  );
  return { service, quota };
}
