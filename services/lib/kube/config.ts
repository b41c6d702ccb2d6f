import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { UserError } from "../user-error.ts";
import type { KubeConfig } from "./types.ts";

type Entry<K extends string> = { readonly name: string } & { readonly [P in K]?: Readonly<Record<string, unknown>> };

interface KubeConfigFile {
  readonly "current-context"?: string;
  readonly clusters?: readonly Entry<"cluster">[];
  readonly users?: readonly Entry<"user">[];
  readonly contexts?: readonly Entry<"context">[];
}

/** Reads a kubeconfig file. @throws UserError when it cannot be read or used */
export function kubeConfigFromFile(path: string, context?: string): KubeConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError("kubeconfig-unreadable", `kubeconfig ${path} cannot be read: name a readable file`, {
      cause: error,
    });
  }
  return kubeConfigFromText(text, context, dirname(resolve(path)));
}

/**
 * The cluster and user of one context of a kubeconfig. Files that it names are relative to `folder`.
 * @throws UserError for a missing context and for what we do not support: exec plugins and unverified TLS
 */
export function kubeConfigFromText(text: string, context?: string, folder = "."): KubeConfig {
  const file = parseFile(text);
  const name = context ?? file["current-context"] ?? "";
  const chosen = file.contexts?.find((entry) => entry.name === name)?.context;
  if (!chosen) {
    const known = (file.contexts ?? []).map((entry) => entry.name).join(", ") || "none";
    throw new UserError("kubeconfig-context", `kubeconfig has no context "${name}": use one of ${known}`);
  }
  const cluster = file.clusters?.find((entry) => entry.name === chosen["cluster"])?.cluster ?? {};
  const user = file.users?.find((entry) => entry.name === chosen["user"])?.user ?? {};
  refuseUnsupported(name, cluster, user);
  const server = cluster["server"];
  if (typeof server !== "string") {
    throw new UserError(
      "kubeconfig-server",
      `kubeconfig context "${name}" has no server: set clusters[].cluster.server`,
    );
  }
  return {
    server,
    context: name,
    ...optional("namespace", chosen["namespace"]),
    ...optional("ca", pem(cluster, "certificate-authority", folder)),
    ...optional("cert", pem(user, "client-certificate", folder)),
    ...optional("key", pem(user, "client-key", folder)),
    ...optional("token", user["token"]),
  };
}

function parseFile(text: string): KubeConfigFile {
  try {
    return (parse(text) ?? {}) as KubeConfigFile;
  } catch (cause) {
    throw new UserError("kubeconfig-syntax", "kubeconfig is not YAML: correct it, or name another file", { cause });
  }
}

function refuseUnsupported(
  context: string,
  cluster: Readonly<Record<string, unknown>>,
  user: Readonly<Record<string, unknown>>,
): void {
  if (cluster["insecure-skip-tls-verify"] === true) {
    throw new UserError(
      "kubeconfig-insecure",
      `kubeconfig context "${context}" sets insecure-skip-tls-verify: give the cluster's certificate-authority instead`,
    );
  }
  for (const key of ["exec", "auth-provider", "username", "tokenFile"]) {
    if (user[key] === undefined) continue;
    throw new UserError(
      "kubeconfig-user",
      `kubeconfig context "${context}" logs in by ${key}, which is not supported here: use a client certificate or a token`,
    );
  }
}

function optional<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  return typeof value === "string" ? ({ [key]: value } as { [P in K]?: string }) : {};
}

function pem(source: Readonly<Record<string, unknown>>, key: string, folder: string): string | undefined {
  const data = source[`${key}-data`];
  if (typeof data === "string") return Buffer.from(data, "base64").toString("utf8");
  const path = source[key];
  if (typeof path !== "string") return undefined;
  try {
    return readFileSync(resolve(folder, path), "utf8");
  } catch (cause) {
    throw new UserError("kubeconfig-file", `kubeconfig names ${path} as ${key}, which cannot be read: correct it`, {
      cause,
    });
  }
}
