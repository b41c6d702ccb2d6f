import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { labStateDir } from "../../../lab/endpoints.ts";
import type { KubeClient } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";

/** What an API server may take to be ready beside much else. */
const READY_MS = 180_000;

/** The id of the API server's process of a built lab; the lab's supervisor starts it again when it ends. */
function apiServerPid(lab: string): number | undefined {
  const own = `--tls-cert-file=${join(labStateDir(lab), "pki", "apiserver.crt")}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => {
      const [command = "", ...args] = commandLine(pid);
      return basename(command) === "kube-apiserver" && args.includes(own);
    });
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Kills the API server of a built lab and waits until the one that follows is ready. */
export async function restartApiServer(lab: string, client: KubeClient): Promise<void> {
  const before = apiServerPid(lab);
  if (before === undefined) throw new Error(`lab "${lab}" has no process of an API server`);
  process.kill(before, "SIGKILL");
  await eventually(
    "another API server runs and is ready",
    async () => {
      const now = apiServerPid(lab);
      if (now === undefined || now === before) return undefined;
      return (await client.request("GET", "/readyz", { timeoutMs: 10_000 })) === "ok" ? true : undefined;
    },
    READY_MS,
  );
}
