import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ApiAccess } from "../components/api/access.ts";
import { ApiSecrets } from "../components/api/secrets.ts";
import { API_INTERNAL_PORT, API_SERVICE, ApiService } from "../components/api/service.ts";
import type { Settings } from "../config/settings.ts";
import type { Foundation } from "./foundation.ts";

/** What the API takes from identity. */
export interface ApiSources {
  readonly secrets: { of(client: "carrel-api"): pulumi.Output<string> };
  readonly keycloakUrl: string;
  readonly issuer: string;
}

export interface Api {
  /** By which the API knows the hub. */
  readonly serverSecret: pulumi.Output<string>;
  /** GraphQL for servers, inside the cluster. */
  readonly internalUrl: string;
  /** A secret: who opens it first administers the platform. */
  readonly firstAdminLink: pulumi.Output<string>;
  /** What others wait for: after it, the API answers. */
  readonly ready: readonly pulumi.Resource[];
}

/** One is down in every drain. */
const REPLICAS = 2;
/** Tokens are for us if they name it. */
const AUDIENCE = "carrel-api";

/** What the process is told of the configuration. */
function setup({ admission, quota, culling, network, names, namespaces, exposure }: Settings) {
  return {
    replicas: REPLICAS,
    logLevel: admission.logLevel,
    audiences: [AUDIENCE],
    consoleOrigin: names.console.url,
    workNamespace: namespaces.work,
    accelerators: quota.accelerators,
    culling,
    controlPlaneCidrs: network.controlPlaneCidrs,
    gateway: exposure.clients,
    hubNamespace: namespaces.hub,
    identityNamespace: namespaces.identity,
    monitoringNamespace: namespaces.monitoring,
  };
}

/** The GraphQL API and the pages of links for people without an account. */
export function api(
  settings: Settings,
  { system, work, definitions, priorities }: Pick<Foundation, "system" | "work" | "definitions" | "priorities">,
  { secrets: clients, keycloakUrl, issuer }: ApiSources,
  image: pulumi.Input<string>,
  provider: k8s.Provider,
): Api {
  const { prefix, names, namespaces } = settings;
  const opts = { providers: { kubernetes: provider } };
  const access = new ApiAccess("api-access", { namespace: system.name, workNamespace: work.name, prefix }, opts);
  const secrets = new ApiSecrets(
    "api-secrets",
    { namespace: system.name, clientSecret: clients.of("carrel-api") },
    opts,
  );
  const service = new ApiService(
    "api",
    {
      namespace: system.name,
      image,
      serviceAccount: access.serviceAccount,
      secret: secrets.secretName,
      welcome: { secret: secrets.welcomeName, publicUrl: names.hub.url },
      priorityClass: priorities.platform,
      keycloakUrl,
      issuer,
      ...setup(settings),
    },
    // Without its rights and its kinds it would not get ready; Keycloak it asks only when somebody asks it.
    { ...opts, dependsOn: [definitions, access, priorities] },
  );
  return {
    serverSecret: secrets.serverSecret,
    internalUrl: `http://${API_SERVICE}.${namespaces.system}.svc:${API_INTERNAL_PORT}/graphql`,
    firstAdminLink: pulumi.secret(pulumi.interpolate`${names.hub.url}/welcome/first?token=${secrets.firstAdminToken}`),
    ready: [service],
  };
}
