import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../endpoints.ts";
import { StepError } from "../progress.ts";
import { withLock } from "./lock.ts";
import { run } from "./run.ts";

export const versions = { kubernetes: "1.36.3", etcd: "3.6.14", coredns: "1.12.4" } as const;

const goRoot = join(import.meta.dirname, "go");

interface Program {
  readonly name: string;
  /** Folder of the module, or none for a program that its own module publishes. */
  readonly module?: string;
  readonly target: string;
}

const kubernetes = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"];

export const programs: readonly Program[] = [
  ...kubernetes.map((name) => ({ name, module: "kubernetes", target: `k8s.io/kubernetes/cmd/${name}` })),
  { name: "etcd", module: "etcd", target: "." },
  { name: "pause", module: "pause", target: "." },
  { name: "coredns", target: `github.com/coredns/coredns@v${versions.coredns}` },
];

const [major, minor] = versions.kubernetes.split(".");
const stamp = (variable: string, value: string | undefined): string =>
  `-X k8s.io/component-base/version.${variable}=${value}`;

// Binaries without a stamp report v0.0.0-master, and clients then refuse features.
const ldflags = [
  "-s",
  "-w",
  stamp("gitVersion", `v${versions.kubernetes}`),
  stamp("gitMajor", major),
  stamp("gitMinor", minor),
].join(" ");
const flags = ["-trimpath", "-p", "2", "-ldflags", ldflags];

function sources(): string[] {
  const files = [
    "kubernetes/go.mod",
    "kubernetes/go.sum",
    "etcd/go.mod",
    "etcd/go.sum",
    "etcd/main.go",
    "pause/go.mod",
    "pause/main.go",
  ];
  return files.map((file) => readFileSync(join(goRoot, file), "utf8"));
}

/** Changes when anything changes that the binaries are made of. */
export function binariesKey(goVersion: string, inputs: readonly string[] = sources()): string {
  const hash = createHash("sha256");
  for (const part of [goVersion, JSON.stringify(versions), JSON.stringify(programs), ...flags, ...inputs])
    hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}

export function binariesDir(key: string): string {
  return join(cacheRoot(), "binaries", key);
}

/** As `go env` says it. */
export async function goVersion(): Promise<string> {
  try {
    return (await run("go", ["env", "GOVERSION", "GOOS", "GOARCH"])).trim().replaceAll("\n", " ");
  } catch (cause) {
    throw new StepError("the built lab needs Go", {
      cause,
      remedy:
        "install Go 1.26 or later and put `go` on PATH, or install kind with a container engine, or set LAB_KUBECONFIG",
    });
  }
}

function build(program: Program, folder: string, log: string): Promise<void> {
  const installs = program.module === undefined;
  const args = installs
    ? ["install", ...flags, program.target]
    : ["build", ...flags, "-o", `${folder}/.new-${program.name}`, program.target];
  const child = spawn("go", args, {
    cwd: join(goRoot, program.module ?? ""),
    env: {
      ...process.env,
      CGO_ENABLED: "0",
      GOFLAGS: "-buildvcs=false",
      ...(installs ? { GOBIN: `${folder}/.install` } : {}),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const file = createWriteStream(log, { flags: "a" });
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      file.end();
      if (code !== 0) {
        reject(
          new StepError(`building ${program.name} failed`, {
            log,
            remedy: "see the log; a second `make up` goes on where this one stopped",
          }),
        );
        return;
      }
      // Renamed when whole, so that an interrupted build is never taken for a finished one.
      renameSync(
        installs ? `${folder}/.install/${program.name}` : `${folder}/.new-${program.name}`,
        join(folder, program.name),
      );
      resolve();
    });
  });
}

/** Builds what the cache does not have and answers the folder of the binaries. */
export async function ensureBinaries(note: (text: string) => void): Promise<string> {
  const folder = binariesDir(binariesKey(await goVersion()));
  const missing = (): Program[] => programs.filter(({ name }) => !existsSync(join(folder, name)));
  if (missing().length === 0) return folder;
  mkdirSync(folder, { recursive: true });
  await withLock(join(folder, ".lock"), "the build of the lab's binaries", async () => {
    for (const program of missing()) {
      note(`${program.name} (${programs.length - missing().length + 1} of ${programs.length})`);
      await build(program, folder, join(folder, "build.log"));
    }
  });
  writeFileSync(join(folder, "versions.json"), `${JSON.stringify(versions)}\n`);
  return folder;
}
