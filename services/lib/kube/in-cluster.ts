import { readFileSync } from "node:fs";
import { UserError } from "../user-error.ts";
import type { KubeConfig } from "./types.ts";

const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A projected token is replaced by the kubelet before it expires; it is read again at most this often. */
const TOKEN_REREAD_MS = 60_000;

function rereadToken(file: string): () => string {
  let token = "";
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - readAt > TOKEN_REREAD_MS) {
      token = readFileSync(file, "utf8").trim();
      readAt = performance.now();
    }
    return token;
  };
}

/** The cluster that this pod runs in, with the pod's service account. @throws UserError outside a pod */
export function kubeConfigInCluster(env: NodeJS.ProcessEnv = process.env, mount: string = MOUNT): KubeConfig {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  if (host === undefined || host === "") {
    throw new UserError(
      "not-in-cluster",
      "KUBERNETES_SERVICE_HOST is not set: run this in a pod, or give a kubeconfig by KUBECONFIG",
    );
  }
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${mount}/ca.crt`, "utf8"),
    token: rereadToken(`${mount}/token`),
    namespace: readFileSync(`${mount}/namespace`, "utf8").trim(),
  };
}
