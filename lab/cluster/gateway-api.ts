import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseAllDocuments } from "yaml";
import type { KubeClient, KubeObject, ResourceRef } from "../../services/lib/kube/client.ts";
import { CONTROLLER_NAME, refs } from "../gateway/objects.ts";
import { StepError } from "../progress.ts";
import { run } from "./run.ts";

/** Class of the Gateways that the lab's own gateway serves. */
export const GATEWAY_CLASS = "carrel-lab";

const MODULE = "sigs.k8s.io/gateway-api";

/** Folder of the standard channel, as the module's publisher has it; go.sum says which bytes it must have. */
async function standardChannel(): Promise<string> {
  const cwd = join(import.meta.dirname, "go", "gateway-api");
  try {
    const { Dir } = JSON.parse(
      await run("go", ["-C", cwd, "mod", "download", "-json", MODULE], { timeoutMs: 120_000 }),
    ) as {
      Dir: string;
    };
    return join(Dir, "config", "crd", "standard");
  } catch (cause) {
    throw new StepError("the Gateway API's definitions cannot be had", {
      cause,
      remedy: "see whether `go mod download` reaches a module proxy (GOPROXY)",
    });
  }
}

/** The objects of a folder's YAML files, in the order of their names; comments alone are none. */
export function objectsIn(folder: string): KubeObject[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return files
    .sort()
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), "utf8")) as { toJS(): KubeObject | null }[])
    .flatMap((document) => document.toJS() ?? []);
}

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits until an object has a condition. @throws StepError after 30 s */
async function until(client: KubeClient, ref: ResourceRef, name: string, condition: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { status } = await client.get<Conditioned>(ref, undefined, name);
    if (status?.conditions?.some(({ type, status: is }) => type === condition && is === "True")) return;
    await pause(100);
  }
  throw new StepError(`${ref.kind} ${name} is not ${condition} after 30 s`, { remedy: "see the log of the gateway" });
}

async function apply(client: KubeClient, object: KubeObject): Promise<void> {
  const ref = await client.resourceFor(object.apiVersion ?? "", object.kind ?? "");
  const options = { type: "apply", fieldManager: "carrel-lab", force: true } as const;
  await client.patch(ref, undefined, object.metadata.name, object, options);
}

/** Gives a cluster the Gateway API's definitions and the class of the lab's gateway. */
export async function applyGatewayApi(client: KubeClient): Promise<void> {
  const objects = objectsIn(await standardChannel());
  for (const object of objects) await apply(client, object);
  const definitions = await client.resourceFor("apiextensions.k8s.io/v1", "CustomResourceDefinition");
  await until(client, definitions, "gatewayclasses.gateway.networking.k8s.io", "Established");
  client.invalidate();
  await apply(client, {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: GATEWAY_CLASS },
    ...{ spec: { controllerName: CONTROLLER_NAME } },
  });
  await until(client, refs.gatewayClasses, GATEWAY_CLASS, "Accepted");
}
