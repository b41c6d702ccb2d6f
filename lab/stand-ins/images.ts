import { readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { catalogue, type ImageName, versionOf } from "../../images/catalogue.ts";
import { NODE_PATH, NONROOT } from "../../images/node-base.ts";
import type { ImageConfig } from "../../images/oci/content.ts";
import type { LayerContent, LayerFile } from "../../images/oci/layer.ts";
import { debianBase, JAVA_HOME, java, nginx, node, python, workbench } from "./base-layers.ts";
import { hubPackages, keycloak, notebookPackages, postgres, proxy } from "./program-layers.ts";
import type { Recipe } from "./recipe.ts";

/** What the lab runs in the place of an image that it cannot pull. */
export interface StandIn {
  readonly name: ImageName;
  /** Lowest first. */
  readonly layers: readonly Recipe[];
  /** What is its own beside the layers: accounts, folders, scripts. */
  readonly content: LayerContent;
  readonly config: ImageConfig["config"];
  /** What is in it, in the words of the image's description. */
  readonly description: string;
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** The group's own name, where it is not the account's. */
  readonly group?: string;
}

/** The home of Jupyter's own images, where volumes are mounted. */
export const JOVYAN_HOME = join("/home", "jovyan");

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const UTF8 = "LANG=C.UTF-8";

function accounts({ name, uid, gid, home, group = name }: Account): LayerFile[] {
  const line = `${name}:x:${uid}:${gid}:${name}:${home}:/bin/bash\n`;
  const groups = gid === 0 ? "" : `${group}:x:${gid}:\n`;
  return [
    {
      path: "/etc/passwd",
      content: `root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n${line}`,
    },
    { path: "/etc/group", content: `root:x:0:\nnogroup:x:65534:\n${groups}` },
    { path: "/etc/nsswitch.conf", content: "passwd: files\ngroup: files\nhosts: files dns\n" },
  ];
}

const everyFolder = [
  { path: "/tmp", mode: 0o1777 },
  { path: "/var/tmp", mode: 0o1777 },
];

/** An image for one account, which owns the given folders. */
function imageFor(account: Account, owned: readonly string[], files: readonly LayerFile[] = []): LayerContent {
  const owner = { uid: account.uid, gid: account.gid };
  const folders = [account.home, ...owned].map((path) => ({ path, mode: 0o755, owner }));
  return { files: [...accounts(account), ...files], folders: [...everyFolder, ...folders] };
}

const keycloakAccount = { name: "keycloak", uid: 1000, gid: 0, home: "/opt/keycloak" };
const postgresAccount = { name: "postgres", uid: 999, gid: 999, home: "/var/lib/postgresql" };
const hubAccount = { name: "jovyan", uid: 1000, gid: 1000, home: JOVYAN_HOME };
const notebookAccount = { name: "jovyan", uid: 1000, gid: 100, home: JOVYAN_HOME, group: "users" };
const nonrootAccount = { name: "nonroot", uid: NONROOT, gid: NONROOT, home: "/home/nonroot" };

const entrypoint = readFileSync(join(import.meta.dirname, "postgres-entrypoint.sh"), "utf8");

export const standIns: readonly StandIn[] = [
  {
    name: "keycloak",
    layers: [debianBase, java, keycloak],
    content: imageFor(keycloakAccount, ["/opt/keycloak/data"]),
    config: {
      User: "1000",
      Env: [PATH, UTF8, "KC_RUN_IN_CONTAINER=true", `JAVA_HOME=${JAVA_HOME}`],
      Entrypoint: ["/opt/keycloak/bin/kc.sh"],
      WorkingDir: "/",
    },
    description: `Keycloak ${versionOf("keycloak")} from Maven Central on Debian's Java 17, built for PostgreSQL with health and metrics`,
  },
  {
    name: "postgres",
    layers: [debianBase, postgres],
    content: imageFor(
      postgresAccount,
      ["/var/lib/postgresql/data", "/var/run/postgresql"],
      [
        { path: "/usr/local/bin/docker-entrypoint.sh", content: entrypoint, mode: 0o755 },
        { path: "/docker-entrypoint-initdb.d/.keep", content: "" },
      ],
    ),
    config: {
      User: "999:999",
      Env: [
        `${PATH}:/usr/lib/postgresql/17/bin`,
        UTF8,
        "PGDATA=/var/lib/postgresql/data",
        "PGHOST=/var/run/postgresql",
      ],
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["postgres"],
    },
    description: `PostgreSQL ${versionOf("postgres")} from PyPI, with an entrypoint that reads the official image's environment`,
  },
  {
    name: "hub",
    layers: [debianBase, python, hubPackages],
    content: imageFor(hubAccount, ["/srv/jupyterhub"]),
    config: {
      User: "1000",
      Env: [PATH, UTF8, `HOME=${JOVYAN_HOME}`, "PYTHONUNBUFFERED=1"],
      Entrypoint: ["tini", "--"],
      Cmd: ["jupyterhub", "--config", "/usr/local/etc/jupyterhub/jupyterhub_config.py"],
      WorkingDir: "/srv/jupyterhub",
    },
    description: `JupyterHub ${catalogue.hub.programs.jupyterhub} and its parts from PyPI on Debian's Python 3.11`,
  },
  {
    name: "proxy",
    layers: [debianBase, node, proxy],
    content: imageFor(nonrootAccount, []),
    config: {
      User: "65534",
      Env: [PATH, UTF8, "NODE_ENV=production"],
      Entrypoint: [NODE_PATH, "/srv/configurable-http-proxy/node_modules/.bin/configurable-http-proxy"],
      WorkingDir: "/srv/configurable-http-proxy",
    },
    description: `configurable-http-proxy ${versionOf("proxy")} from npm on Node ${process.versions.node}`,
  },
  {
    name: "notebook",
    layers: [debianBase, python, workbench, notebookPackages],
    content: {
      ...imageFor(notebookAccount, [join(JOVYAN_HOME, "work")]),
      links: [{ path: "/usr/local/bin/python", target: "/usr/bin/python3" }],
    },
    config: {
      User: "1000:100",
      Env: [PATH, UTF8, `HOME=${JOVYAN_HOME}`, "SHELL=/bin/bash", "NB_USER=jovyan", "NB_UID=1000", "NB_GID=100"],
      Entrypoint: ["tini", "-g", "--"],
      Cmd: ["jupyter", "lab"],
      WorkingDir: JOVYAN_HOME,
    },
    description: `JupyterLab ${versionOf("notebook")} and the hub's single-user server from PyPI on Debian's Python 3.11`,
  },
  {
    name: "gateway",
    layers: [debianBase, node, nginx],
    content: imageFor(nonrootAccount, ["/var/lib/nginx", "/var/log/nginx"]),
    config: { User: `${NONROOT}:${NONROOT}`, Env: [PATH, UTF8], Entrypoint: [NODE_PATH], WorkingDir: "/home/nonroot" },
    description:
      "Debian's nginx and Node, for the lab's own controller of the Gateway API: another program than Traefik",
  },
];

/** What an image says about itself, so that nobody takes it for upstream's. */
export function labelsOf({ name, description }: StandIn): Record<string, string> {
  const { reference } = catalogue[name];
  return {
    "carrel.dev/stand-in-for": reference,
    "org.opencontainers.image.title": `stand-in for ${reference}`,
    "org.opencontainers.image.description": description,
    "org.opencontainers.image.version": versionOf(name),
  };
}
