import type { types } from "@pulumi/kubernetes";
import { selectorLabels } from "../core/labels.ts";
import { namespace } from "../core/network.ts";

type Peer = types.input.networking.v1.NetworkPolicyPeer;

/** Name of the hub's Service and pods, and the port that its proxy and notebook servers reach. */
export const HUB = "hub";
export const HUB_PORT = 8081;

/** Name of the proxy's pods; its Services are one for people and one for the hub. */
export const PROXY = "proxy";
export const [PROXY_PUBLIC, PROXY_PORT] = ["proxy-public", 8000] as const;
export const [PROXY_API, PROXY_API_PORT] = ["proxy-api", 8001] as const;

/** What KubeSpawner gives to every notebook server. */
export const NOTEBOOK_PORT = 8888;
export const notebookLabels: Readonly<Record<string, string>> = { component: "singleuser-server" };

/** Pods of a program in the policy's own namespace. */
export const podsOf = (program: string): Peer => ({ podSelector: { matchLabels: selectorLabels(program) } });

/** Pods of a program in another namespace. */
export const podsIn = (namespaceName: string, program: string): Peer => ({
  ...namespace(namespaceName),
  ...podsOf(program),
});

/** Notebook servers, seen from another namespace. */
export const notebooksIn = (namespaceName: string): Peer => ({
  ...namespace(namespaceName),
  podSelector: { matchLabels: { ...notebookLabels } },
});
