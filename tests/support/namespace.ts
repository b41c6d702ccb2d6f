import type { KubeClient, ResourceRef } from "../../services/lib/kube/client.ts";
import { eventually } from "./eventually.ts";

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const accounts: ResourceRef = { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true };

/** Makes a namespace in which pods can be created at once: Kubernetes puts their account into it a while later. */
export async function createNamespace(
  client: KubeClient,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  await client.create(namespaces, undefined, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  await eventually(`the account of pods in ${name}`, () => client.get(accounts, name, "default"), 120_000);
}
