import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { NODE_PATH } from "../../images/node-base.ts";
import { cacheRoot } from "../endpoints.ts";
import { resolvePackages, runInside, unpackPackages } from "./debian.ts";
import type { Recipe } from "./recipe.ts";

export const standInCache = (): string => join(cacheRoot(), "stand-ins");

const source = (name: string): string => join(import.meta.dirname, name);

interface DebianLayer {
  readonly name: string;
  readonly packages: readonly string[];
  readonly onto?: readonly (Recipe & { readonly packages: readonly string[] })[];
  readonly finish?: (root: string) => Promise<void>;
}

/** A layer of Debian packages with what they depend on, less what the layers below have. */
function debianLayer({
  name,
  packages,
  onto = [],
  finish,
}: DebianLayer): Recipe & { readonly packages: readonly string[] } {
  const below = onto.flatMap((lower) => lower.packages);
  const inputs = async (): Promise<readonly string[]> => {
    const all = await resolvePackages([...below, ...packages], standInCache());
    const lower = new Set(below.length === 0 ? [] : await resolvePackages(below, standInCache()));
    return all.filter((each) => !lower.has(each));
  };
  return {
    name,
    packages,
    onto,
    inputs,
    sources: [source("debian.ts"), source("base-layers.ts")],
    build: async (root) => {
      await unpackPackages(await inputs(), root);
      await finish?.(root);
    },
  };
}

/** The bundle that a maintainer script would have made. */
function bundleCertificates(root: string): void {
  const folder = join(root, "usr/share/ca-certificates/mozilla");
  const certificates = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
  mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
  writeFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), certificates.join(""));
}

/** Compiles modules so that they are valid at any time and place: the image's files have time 0, and its root is read-only. */
export async function compilePython(root: string, folders: readonly string[]): Promise<void> {
  const command = ["/usr/bin/python3", "-m", "compileall", "-qq", "-j", "2", "--invalidation-mode", "unchecked-hash"];
  // Some packages ship templates that are no valid module; Python says so by its exit code only.
  await runInside(root, ["sh", "-c", '"$@" || true', "sh", ...command, ...folders]);
}

/** Names that maintainer scripts give to programs. */
const alternatives = { sh: "dash", awk: "mawk", which: "which.debianutils" } as const;

const everywhere = [
  "base-files",
  "bash",
  "ca-certificates",
  "coreutils",
  "dash",
  "libc-bin",
  "netbase",
  "tini",
  "tzdata",
  "zlib1g",
];
const forScripts = ["findutils", "grep", "gzip", "hostname", "libstdc++6", "procps", "sed", "tar"];

export const debianBase = debianLayer({
  name: "debian",
  packages: [...everywhere, ...forScripts],
  finish: async (root) => {
    bundleCertificates(root);
    for (const [name, program] of Object.entries(alternatives)) {
      const link = join(root, "usr/bin", name);
      if (!existsSync(link)) symlinkSync(program, link);
    }
  },
});

export const python = debianLayer({
  name: "python",
  packages: ["python3", "libpython3-stdlib"],
  onto: [debianBase],
  finish: (root) => compilePython(root, ["/usr/lib/python3.11", "/usr/lib/python3"]),
});

export const JAVA_HOME = "/usr/lib/jvm/default";

// As the maintainer script does; Java reads no other form.
const javaCertificates = `
mkdir -p /etc/ssl/certs/java
find /usr/share/ca-certificates/mozilla -name '*.crt' -printf '+%p\n' |
  java -jar /usr/share/ca-certificates-java/ca-certificates-java.jar -storepass changeit >&2
`;

async function finishJava(root: string): Promise<void> {
  const folder = readdirSync(join(root, "usr/lib/jvm")).find((name) => name.startsWith("java-17-openjdk-"));
  symlinkSync(folder ?? "", join(root, JAVA_HOME));
  symlinkSync(`..${JAVA_HOME.slice("/usr".length)}/bin/java`, join(root, "usr/bin/java"));
  await runInside(root, ["bash", "-euo", "pipefail", "-c", javaCertificates]);
}

export const java = debianLayer({
  name: "java",
  packages: ["openjdk-17-jre-headless"],
  onto: [debianBase],
  finish: finishJava,
});

export const nginx = debianLayer({
  name: "nginx",
  packages: ["nginx-light", "libnginx-mod-stream"],
  onto: [debianBase],
});

/** What people and their tools expect of the machine that a notebook is, SSH clients among them. */
export const workbench = debianLayer({
  name: "workbench",
  packages: ["curl", "less", "openssh-client", "openssh-sftp-server", "vim-tiny"],
  onto: [debianBase, python],
});

/** The pinned Node alone; its libraries are Debian's. */
export const node: Recipe = {
  name: "node",
  onto: [],
  inputs: async () => [process.version, String(statSync(process.execPath).size)],
  sources: [source("base-layers.ts")],
  build: async (root) => {
    mkdirSync(join(root, NODE_PATH, ".."), { recursive: true });
    copyFileSync(process.execPath, join(root, NODE_PATH));
  },
};
