import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { selectorLabels } from "../components/core/labels.ts";
import { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import { BOOTSTRAP_SECRET, BootstrapAccount } from "../components/identity/bootstrap-account.ts";
import { ClientSecrets } from "../components/identity/client-secrets.ts";
import { ControllersAccess } from "../components/identity/controllers-access.ts";
import { Keycloak, type KeycloakArgs } from "../components/identity/keycloak.ts";
import { KEYCLOAK, KEYCLOAK_PORT } from "../components/identity/keycloak-pod.ts";
import { POSTGRES, POSTGRES_PORT, Postgres } from "../components/identity/postgres.ts";
import { CONTROLLERS, RealmControllers } from "../components/identity/realm-controllers.ts";
import type { Settings } from "../config/settings.ts";
import { imageOf } from "../images/catalogue.ts";
import type { Foundation } from "./foundation.ts";
import { pullerOf } from "./placement.ts";

/** What those need who log people in or ask who they are. */
export interface Identity {
  readonly namespace: ManagedNamespace;
  readonly secrets: ClientSecrets;
  /** Inside the cluster, without `/realms`. */
  readonly keycloakUrl: string;
  /** The realm as tokens name it. */
  readonly issuer: string;
  /** What others wait for: after it, the realm is as declared. */
  readonly ready: readonly pulumi.Resource[];
}

type Opts = pulumi.ComponentResourceOptions;
type Base = Pick<Foundation, "system" | "work" | "definitions" | "priorities">;

const REALM = "carrel";
/** Of the database and of its user. */
const DATABASE = "keycloak";
/** The API's name in labels, which Keycloak lets in. */
const API = "api";

interface Database {
  readonly access: KeycloakArgs["database"];
  /** What Keycloak waits for. */
  readonly ready: readonly pulumi.Resource[];
}

/** The site's own, or one that is installed here. */
function databaseOf(settings: Settings, { priorities }: Base, namespace: ManagedNamespace, opts: Opts): Database {
  const { identity: own, namespaces, storage } = settings;
  if ("host" in own.database) return { access: own.database, ready: [] };
  const postgres = new Postgres(
    "postgres",
    {
      namespace: namespace.name,
      image: imageOf("postgres", settings),
      priorityClass: priorities.platform,
      size: own.database.size,
      ...(storage.databaseClass === undefined ? {} : { storageClass: storage.databaseClass }),
      database: DATABASE,
      client: selectorLabels(KEYCLOAK),
    },
    { ...opts, dependsOn: [namespace, priorities] },
  );
  const access = {
    host: `${POSTGRES}.${namespaces.identity}.svc`,
    port: POSTGRES_PORT,
    name: DATABASE,
    user: DATABASE,
    password: postgres.password,
    selector: selectorLabels(POSTGRES),
  };
  return { access, ready: [postgres] };
}

function keycloakOf(
  settings: Settings,
  foundation: Base,
  { namespace, bootstrap }: { readonly namespace: ManagedNamespace; readonly bootstrap: BootstrapAccount },
  opts: Opts,
): Keycloak {
  const { identity: own, names, namespaces, exposure } = settings;
  const { priorities } = foundation;
  const database = databaseOf(settings, foundation, namespace, opts);
  return new Keycloak(
    "keycloak",
    {
      namespace: namespace.name,
      image: own.image ?? imageOf("keycloak", settings),
      isOptimized: own.isOptimized,
      priorityClass: priorities.platform,
      replicas: own.replicas,
      publicUrl: names.identity.url,
      database: database.access,
      bootstrapSecret: BOOTSTRAP_SECRET,
      gateway: exposure.clients,
      system: { namespace: namespaces.system, programs: [CONTROLLERS, API] },
      hubNamespace: namespaces.hub,
      monitoringNamespace: namespaces.monitoring,
    },
    { ...opts, dependsOn: [namespace, priorities, bootstrap, ...database.ready] },
  );
}

/** What the controllers are started with beside the configuration. */
interface ControllersNeeds {
  readonly image: pulumi.Input<string>;
  readonly secrets: ClientSecrets;
  readonly keycloakUrl: string;
  readonly after: readonly pulumi.Resource[];
}

function controllersOf(
  settings: Settings,
  { system, work, definitions, priorities }: Base,
  { image, secrets, keycloakUrl, after }: ControllersNeeds,
  opts: Opts,
): RealmControllers {
  const { prefix, namespaces, storage, network, host, port, admission } = settings;
  const access = new ControllersAccess(
    "controllers-access",
    { namespace: system.name, workNamespace: work.name, prefix },
    opts,
  );
  return new RealmControllers(
    "controllers",
    {
      namespace: system.name,
      image,
      serviceAccount: access.serviceAccount,
      priorityClass: priorities.platform,
      logLevel: admission.logLevel,
      clientSecrets: secrets.secretName,
      bootstrapSecret: BOOTSTRAP_SECRET,
      host,
      port,
      keycloakUrl,
      realm: REALM,
      workNamespace: namespaces.work,
      volumes: { storageClass: storage.sharedClass, accessMode: storage.accessMode },
      ...pullerOf(settings),
      controlPlaneCidrs: network.controlPlaneCidrs,
      identityNamespace: namespaces.identity,
      monitoringNamespace: namespaces.monitoring,
    },
    { ...opts, dependsOn: [definitions, priorities, access, ...after] },
  );
}

/** People, groups and logins: Keycloak, its database, and the controllers that keep its realm as declared. */
export function identity(
  settings: Settings,
  foundation: Base,
  images: { readonly controllers: pulumi.Input<string> },
  provider: k8s.Provider,
): Identity {
  const { namespaces, names } = settings;
  const opts = { providers: { kubernetes: provider } };
  const none = { quota: false, podDefaults: false, imageMirror: false };
  const namespace = new ManagedNamespace(
    "identity",
    { namespace: namespaces.identity, podSecurity: "restricted", optIns: none, dns: true },
    opts,
  );
  const secrets = new ClientSecrets("realm-clients", { namespace: foundation.system.name }, opts);
  const bootstrap = new BootstrapAccount(
    "keycloak-bootstrap",
    { identityNamespace: namespace.name, systemNamespace: foundation.system.name },
    opts,
  );
  const keycloak = keycloakOf(settings, foundation, { namespace, bootstrap }, opts);
  const keycloakUrl = `http://${KEYCLOAK}.${namespaces.identity}.svc:${KEYCLOAK_PORT}`;
  const controllers = controllersOf(
    settings,
    foundation,
    { image: images.controllers, secrets, keycloakUrl, after: [keycloak, bootstrap] },
    opts,
  );
  return { namespace, secrets, keycloakUrl, issuer: `${names.identity.url}/realms/${REALM}`, ready: [controllers] };
}
