import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { AdmissionAccess } from "../components/admission/access.ts";
import { MutatingWebhooks } from "../components/admission/mutating-webhooks.ts";
import { QuotaWebhook } from "../components/admission/quota-webhook.ts";
import { ADMISSION_SERVICE, AdmissionService } from "../components/admission/service.ts";
import { ServingCertificate } from "../components/core/serving-certificate.ts";
import type { Settings } from "../config/settings.ts";
import type { Foundation } from "./foundation.ts";

export interface Admission {
  readonly service: AdmissionService;
  readonly quota: QuotaWebhook;
  readonly mutation: MutatingWebhooks;
}

/** What the process is told of the configuration. */
function setup({ admission: own, quota, imageMirror, podDefaults, network, namespaces }: Settings) {
  const { rules, exempt, onMissing } = imageMirror;
  return {
    ...own,
    accelerators: quota.accelerators,
    imageMirror: { rules, exempt, onMissing },
    untouchedContainers: podDefaults.untouchedContainers,
    controlPlaneCidrs: network.controlPlaneCidrs,
    monitoringNamespace: namespaces.monitoring,
  };
}

/** The webhooks and the process that answers them. */
export function admission(
  settings: Settings,
  { system, definitions, priorities, authority }: Foundation,
  image: pulumi.Input<string>,
  provider: k8s.Provider,
): Admission {
  const { prefix, namespaces, certificates, podDefaults, imageMirror } = settings;
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
      ...setup(settings),
    },
    // Without its rights and its kinds the process would start only to fail.
    { ...opts, dependsOn: [definitions, access, priorities] },
  );
  const target = {
    prefix,
    caPem: authority.certPem,
    service: { name: service.service.metadata.name, namespace: system.name },
  };
  // Quota fails closed, so it comes when there is somebody to answer, and goes before they go.
  const answered = { ...opts, dependsOn: [service] };
  const quota = new QuotaWebhook("quota", target, answered);
  const mutation = new MutatingWebhooks("mutation", { ...target, podDefaults, imageMirror }, answered);
  return { service, quota, mutation };
}
