import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import { ClassCheck } from "../components/storage/class-check.ts";
import { CsiAccess } from "../components/storage/csi-access.ts";
import { CsiDriverNfs } from "../components/storage/csi-driver-nfs.ts";
import { NfsClass } from "../components/storage/nfs-class.ts";
import { NfsGanesha } from "../components/storage/nfs-ganesha.ts";
import { namedClasses, verdictOf } from "../config/home-class.ts";
import type { NfsSettings, Settings } from "../config/settings.ts";
import { imageOf } from "../images/catalogue.ts";
import type { Foundation } from "./foundation.ts";

export interface Storage {
  /** What others wait for: after it, homes can be claimed. */
  readonly ready: readonly pulumi.Resource[];
  /** Fails where a class that is named cannot hold what people share; undefined where none is named. */
  readonly verified: pulumi.Output<void> | undefined;
}

type Opts = pulumi.ComponentResourceOptions;

/** Classes of the site's own that cannot hold what people share stop the program here. */
function checkClasses({ storage }: Settings, opts: Opts): ClassCheck | undefined {
  const named = namedClasses(storage);
  if (named.length === 0) return undefined;
  const byName = new Map(named.map((each) => [each.name, each]));
  const judge = (name: string, provisioner: string) => {
    const found = byName.get(name);
    return found === undefined ? {} : verdictOf(found, provisioner, storage.accessMode);
  };
  return new ClassCheck("storage-classes", { classes: [...byName.keys()], judge }, opts);
}

function driver(settings: Settings, nfs: NfsSettings, namespace: ManagedNamespace, opts: Opts): CsiDriverNfs {
  const accounts = new CsiAccess("nfs-access", { prefix: settings.prefix, namespace: namespace.name }, opts);
  const images = {
    plugin: imageOf("nfsPlugin", settings),
    provisioner: imageOf("csiProvisioner", settings),
    resizer: imageOf("csiResizer", settings),
    registrar: imageOf("csiNodeDriverRegistrar", settings),
    livenessProbe: imageOf("livenessProbe", settings),
  };
  const args = { namespace: namespace.name, images, accounts, kubeletDir: nfs.kubeletDir };
  return new CsiDriverNfs("nfs-driver", args, { ...opts, dependsOn: [accounts] });
}

/** Where volumes are: the site's server, or one that is installed. */
function serverOf(
  settings: Settings,
  nfs: NfsSettings,
  { priorities }: Pick<Foundation, "priorities">,
  namespace: ManagedNamespace,
  opts: Opts,
): { readonly server: pulumi.Input<string>; readonly path: string; readonly after: readonly pulumi.Resource[] } {
  if ("server" in nfs) return { server: nfs.server, path: nfs.path, after: [] };
  const { databaseClass } = settings.storage;
  const ganesha = new NfsGanesha(
    "nfs-server",
    {
      namespace: namespace.name,
      image: imageOf("nfsGanesha", settings),
      priorityClass: priorities.platform,
      size: nfs.size,
      ...(databaseClass === undefined ? {} : { storageClass: databaseClass }),
      clients: nfs.clients,
    },
    { ...opts, dependsOn: [namespace, priorities] },
  );
  return { server: ganesha.host, path: "/", after: [ganesha] };
}

/** NFS where the configuration asks for it, and a check of the classes that it names. */
export function storage(
  settings: Settings,
  foundation: Pick<Foundation, "priorities">,
  provider: k8s.Provider,
): Storage {
  const opts = { providers: { kubernetes: provider } };
  const check = checkClasses(settings, opts);
  const { nfs } = settings.storage;
  const checked = check === undefined ? [] : [check];
  if (nfs === undefined) return { ready: checked, verified: check?.verified };
  const none = { quota: false, podDefaults: false, imageMirror: false };
  const namespace = new ManagedNamespace(
    "storage",
    // What mounts for a node's pods is privileged on the node, and a file server may become any user.
    { namespace: settings.namespaces.storage, podSecurity: "privileged", optIns: none, dns: false },
    opts,
  );
  const installed = driver(settings, nfs, namespace, { ...opts, dependsOn: [namespace] });
  const { server, path, after } = serverOf(settings, nfs, foundation, namespace, opts);
  const nfsClass = new NfsClass(
    "nfs-class",
    { className: nfs.className, server, path },
    { ...opts, dependsOn: [installed, ...after] },
  );
  return { ready: [...checked, nfsClass], verified: check?.verified };
}
