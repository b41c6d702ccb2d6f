import { type LabEndpoints, readLab } from "../../lab/endpoints.ts";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";

export interface LabUnderTest {
  readonly endpoints: LabEndpoints;
  readonly client: KubeClient;
}

const clients = new Map<string, KubeClient>();

/** Name of the lab that this test run has started. */
export const labName = (): string => process.env["LAB_NAME"] ?? "test";

/** The lab that the test run has started, and a client of it. @throws UserError when it is not running */
export function labUnderTest(name: string = labName()): Promise<LabUnderTest> {
  const endpoints = readLab(name);
  const client = clients.get(name) ?? new KubeClient(kubeConfigFromFile(endpoints.kubeconfig, endpoints.context));
  clients.set(name, client);
  return Promise.resolve({ endpoints, client });
}
