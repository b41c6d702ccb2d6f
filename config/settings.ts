import { UserError } from "../services/lib/user-error.ts";
import { checkClients } from "./client-certificate.ts";
import { derive, labOf } from "./derive.ts";
import { ProblemList } from "./problem-list.ts";
import { validate } from "./validate.ts";

/** What a running lab gives to a configuration that names it. */
export interface LabDefaults {
  readonly kubeconfig: string;
  readonly context: string;
  readonly registry: { readonly host: string; readonly plainHttp: boolean };
  /** The Node base image, by digest. */
  readonly nodeBase: string;
  readonly controlPlaneCidrs: readonly string[];
  /** Absent where the lab brings no gateway. */
  readonly exposure?: {
    readonly publicPort: number;
    readonly sshPort: number;
    readonly httpPort: number;
    readonly gatewayClass: string;
    /** Where its gateway's requests to pods come from. */
    readonly gatewayCidrs: readonly string[];
  };
  /** Images that the lab runs in the place of third-party ones, by their names in images/catalogue.ts. */
  readonly standIns?: Readonly<Record<string, string>>;
}

/** Where the certificate of the public names comes from; `authority` is the platform's own. */
export type TlsSource =
  | { readonly from: "authority" }
  | { readonly from: "files"; readonly certificate: string; readonly privateKey: string }
  | { readonly from: "secret"; readonly name: string }
  | { readonly from: "issuer"; readonly kind: "ClusterIssuer" | "Issuer"; readonly name: string };

/** The site's own PostgreSQL. */
export interface ExternalDatabase {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

/** The StorageClass of NFS, and the server behind it: the site's, or one in the cluster. */
export type NfsSettings = { readonly className: string; readonly kubeletDir: string } & (
  | { readonly server: string; readonly path: string }
  | {
      readonly size: string;
      /** Ranges of the nodes. */
      readonly clients: readonly string[];
    }
);

/** A name that browsers open. */
export interface PublicAddress {
  readonly host: string;
  /** `https://HOST[:PORT]`, without a slash at the end. */
  readonly url: string;
}

/** The stack's configuration, complete and checked; nothing else in the program reads configuration. */
export interface Settings {
  readonly host: string;
  readonly prefix: string;
  /** `PREFIX-ROLE` by role. */
  readonly namespaces: {
    readonly system: string;
    readonly identity: string;
    readonly hub: string;
    readonly work: string;
    readonly storage: string;
    readonly monitoring: string;
    readonly energy: string;
    readonly gateway: string;
  };
  /** The kubeconfig's path or text, and its context; undefined is where kubectl looks. */
  readonly cluster: { readonly kubeconfig: string | undefined; readonly context: string | undefined };
  readonly images: {
    /** `host[:port]` */
    readonly registry: string;
    readonly repositoryPrefix: string;
    /** By digest. */
    readonly base: string;
    readonly plainHttp: boolean;
  };
  /** Where the API server's calls to webhooks come from. */
  readonly network: { readonly controlPlaneCidrs: readonly string[] };
  /** Port of every public name. */
  readonly port: number;
  readonly names: {
    readonly hub: PublicAddress;
    readonly identity: PublicAddress;
    readonly api: PublicAddress;
    readonly console: PublicAddress;
    readonly grafana: PublicAddress;
    readonly dashboard: PublicAddress;
  };
  /** Port on `host`. */
  readonly ssh: { readonly port: number };
  readonly exposure: {
    /** Where plain HTTP is redirected from. */
    readonly httpPort: number;
    /** Undefined is the bundled one. */
    readonly gatewayClass: string | undefined;
    /** Where the gateway's requests to pods come from, for network policies. */
    readonly clients: { readonly namespace: string; readonly cidrs: readonly string[] };
    readonly tls: TlsSource;
    /** Redirected to `host`. */
    readonly otherHosts: readonly string[];
    /** Ranges; none where the site has a load balancer. */
    readonly metallbAddresses: readonly string[];
  };
  /** Which parts are installed beside admission. */
  readonly parts: {
    readonly identity: boolean;
    readonly api: boolean;
    readonly hub: boolean;
    readonly ssh: boolean;
    readonly exposure: boolean;
  };
  /** Whether there is something to begin with: a group, sizes, an image. */
  readonly hasStarter: boolean;
  /** Images that a lab runs in the place of third-party ones, by their names in images/catalogue.ts. */
  readonly standIns: Readonly<Record<string, string>>;
  readonly identity: {
    readonly replicas: number;
    /** The site's own; undefined is the catalogue's. */
    readonly image: string | undefined;
    /** Whether Keycloak was built into its image for what the platform asks of it. */
    readonly isOptimized: boolean;
    readonly database: { readonly size: string } | ExternalDatabase;
  };
  readonly hub: {
    /** Words in a sentence. */
    readonly contact: string;
    /** Of each user, beside the first. */
    readonly namedServers: number;
    readonly concurrentStarts: number;
    readonly startSeconds: number;
  };
  /** Of groups that say nothing; null is never. */
  readonly culling: { readonly idleSeconds: number | null; readonly maxAgeSeconds: number | null };
  /** Classes by use; undefined is the cluster's default. */
  readonly storage: {
    readonly databaseClass: string | undefined;
    readonly homeClass: string | undefined;
    readonly sharedClass: string | undefined;
    readonly homeSize: string;
    readonly accessMode: "ReadWriteMany" | "ReadWriteOnce";
    /** Absent where the site's own classes do. */
    readonly nfs?: NfsSettings;
  };
  readonly placement: {
    /** Whether notebook servers have a scheduler of their own, which packs them. */
    readonly userScheduler: boolean;
    readonly placeholders: { readonly count: number; readonly cpu: string; readonly memory: string };
    /** Whether every node pulls all images beforehand. */
    readonly pullImages: boolean;
  };
  readonly admission: {
    readonly replicas: number;
    readonly logLevel: "debug" | "info" | "warn" | "error";
    /** `namespace:name` */
    readonly bypassServiceAccounts: readonly string[];
    /** Who may call: PEM of authorities, and common names, of which none is any. Absent where no certificate is asked for. */
    readonly clients?: { readonly ca: string; readonly names: readonly string[] };
  };
  /** `resource=weight` */
  readonly quota: { readonly accelerators: readonly string[] };
  readonly imageMirror: {
    readonly rules: readonly { readonly from: string; readonly to: string }[];
    readonly exempt: readonly string[];
    readonly onMissing: "keep" | "refuse";
    readonly failurePolicy: "Ignore" | "Fail";
  };
  readonly podDefaults: {
    readonly failurePolicy: "Ignore" | "Fail";
    readonly untouchedContainers: readonly string[];
    /** False where Kubeflow has brought its own. */
    readonly installKubeflowCrd: boolean;
  };
  /** A certificate is renewed `renewalDays` before its `validityDays` are over. */
  readonly certificates: { readonly validityDays: number; readonly renewalDays: number };
}

function freezeDeeply<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freezeDeeply(inner);
    Object.freeze(value);
  }
  return value;
}

/**
 * Reads the stack's configuration in one pass; the answer is deeply frozen.
 * @param raw text by key without the `carrel:` namespace, objects as JSON text, as Pulumi gives them
 * @param findLab the lab of a name, if it runs
 * @param secretKeys keys of `raw` that the stack stores encrypted; problems never show their values
 * @throws UserError with code "config" whose `problems` are all that is wrong, in the order of the schema
 */
export function loadSettings(
  raw: Readonly<Record<string, string>>,
  findLab: (name: string) => LabDefaults | undefined,
  secretKeys: readonly string[] = [],
): Settings {
  const problems = new ProblemList(secretKeys);
  const given = validate(raw, problems);
  checkClients(given, problems);
  const settings = derive({ given, lab: labOf(given, findLab, problems), problems });
  const texts = problems.texts();
  if (texts.length === 0) return freezeDeeply(settings);
  const count = texts.length === 1 ? "1 problem" : `${texts.length} problems`;
  throw new UserError("config", [`the configuration has ${count}:`, ...texts].join("\n  "), { problems: texts });
}
