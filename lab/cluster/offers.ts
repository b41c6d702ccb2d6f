import { existsSync } from "node:fs";
import { isOnPath } from "../platform/engine-choice.ts";
import { attempt } from "./run.ts";
import type { Offers } from "./variant.ts";

async function answeringEngine(path: string): Promise<string | undefined> {
  for (const engine of ["docker", "podman"]) {
    if (isOnPath(engine, path) && (await attempt(engine, ["info"]))) return engine;
  }
  return undefined;
}

/** Looks at this machine. A client without an engine does not count. */
export async function findOffers(env: NodeJS.ProcessEnv = process.env): Promise<Offers> {
  const path = env["PATH"] ?? "";
  const withContext = env["LAB_CONTEXT"] ? env["KUBECONFIG"] : undefined;
  const hasKind = isOnPath("kind", path);
  return {
    kubeconfig: env["LAB_KUBECONFIG"] || withContext || undefined,
    hasKind,
    engine: hasKind ? await answeringEngine(path) : undefined,
    hasGo: isOnPath("go", path),
    isRoot: process.getuid?.() === 0,
    isDebian: existsSync("/usr/bin/apt-get"),
  };
}
