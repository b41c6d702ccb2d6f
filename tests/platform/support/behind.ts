import assert from "node:assert/strict";
import type { KubeClient } from "../../../services/lib/kube/client.ts";
import { type Pod, pods, services } from "./objects.ts";

interface Service {
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly name?: string; readonly port: number }[];
  };
}

interface Slices {
  readonly items: readonly {
    readonly ports: readonly { readonly name?: string }[] | null;
    readonly endpoints: readonly { readonly conditions: { readonly ready?: boolean } }[] | null;
  }[];
}

/** The pods that a Service leads to, ready or not. */
export async function podsBehind(client: KubeClient, namespace: string, service: string): Promise<readonly Pod[]> {
  const { spec } = await client.get<Service>(services, namespace, service);
  return podsWith(client, namespace, spec.selector);
}

export async function podsWith(
  client: KubeClient,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<readonly Pod[]> {
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  return (await client.list<Pod>(pods, namespace, { labelSelector })).items;
}

/** The address of one of several pods. */
export function addressOf(all: readonly Pod[]): string {
  const address = all.find(({ status }) => status.podIP !== undefined)?.status.podIP;
  assert.ok(address, "there is no pod with an address");
  return address;
}

/** Whether a port of a Service leads to somebody who is ready. */
export async function isServed(client: KubeClient, namespace: string, service: string, port: number): Promise<boolean> {
  const { spec } = await client.get<Service>(services, namespace, service);
  const named = spec.ports.find((one) => one.port === port);
  if (named === undefined) return false;
  const query = { labelSelector: `kubernetes.io/service-name=${service}` };
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const { items } = (await client.request("GET", path, { query })) as Slices;
  return items.some(
    ({ ports, endpoints }) =>
      (ports ?? []).some(({ name }) => (name ?? "") === (named.name ?? "")) &&
      (endpoints ?? []).some(({ conditions }) => conditions.ready !== false),
  );
}
