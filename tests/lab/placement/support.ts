import { randomBytes } from "node:crypto";
import { ManagedNamespace } from "../../../components/foundation/managed-namespace.ts";
import { Priorities } from "../../../components/foundation/priorities.ts";
import type { Settings } from "../../../config/settings.ts";
import { catalogue } from "../../../images/catalogue.ts";
import { buildStandIns } from "../../../lab/stand-ins/build.ts";
import { type StandIn, standIns } from "../../../lab/stand-ins/images.ts";
import { binariesOf, kubernetesStandIns } from "../../../lab/stand-ins/kubernetes-images.ts";
import { pushStandIns, type StandInReferences } from "../../../lab/stand-ins/push.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { isNotFound } from "../../../services/lib/kube/errors.ts";
import { placement } from "../../../stacks/placement.ts";
import { settings } from "../../stacks/support.ts";
import { eventually } from "../../support/eventually.ts";
import { labName, labUnderTest } from "../../support/lab.ts";
import { recordParts } from "../../support/mocks.ts";
import { pods } from "../../support/pods.ts";

export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string; readonly priority?: number; readonly schedulerName?: string };
  readonly status?: { readonly phase?: string };
}

type Made = readonly [ref: ResourceRef, namespace: string | undefined, name: string];

const core = (kind: string, plural: string): ResourceRef => ({ apiVersion: "v1", kind, plural, namespaced: false });
const nodes = core("Node", "nodes");
const namespaces = core("Namespace", "namespaces");
const MANAGER = "placement-spec";
const CPUS = 8;
/** A node without a kubelet is never ready; nothing else is wrong with it for a scheduler. */
const anywhere = [{ operator: "Exists" }];

/** Images of what a built lab runs anyway, in its registry; other labs pull upstream's. */
export function kubernetesStandInReferences(): Promise<StandInReferences> {
  const binaries = binariesOf(labName());
  return binaries === undefined ? Promise.resolve({}) : pushed(kubernetesStandIns(binaries));
}

/** An image with a shell, as images of notebooks have one. */
export async function imageWithShell(): Promise<string> {
  const own =
    binariesOf(labName()) === undefined ? {} : await pushed(standIns.filter(({ name }) => name === "gateway"));
  return own.gateway ?? catalogue.gateway.reference;
}

async function pushed(images: readonly StandIn[]): Promise<StandInReferences> {
  const { endpoints } = await labUnderTest();
  return pushStandIns(await buildStandIns(() => {}, images), endpoints.registry, () => {});
}

/** The part of the hub's stack that is under test, on two nodes of its own that nothing runs on. */
export class PlacementScene {
  readonly prefix = `t-${randomBytes(3).toString("hex")}`;
  readonly namespace = `${this.prefix}-hub`;
  readonly schedulerName = `${this.prefix}-user-scheduler`;
  readonly nodes = ["a", "b"].map((letter) => `${this.prefix}-${letter}`) as [string, string];
  readonly api: KubeClient;
  readonly #made: Made[] = [];

  private constructor(api: KubeClient) {
    this.api = api;
  }

  static async open(placeholders: number): Promise<PlacementScene> {
    const { client } = await labUnderTest();
    const scene = new PlacementScene(client);
    try {
      await Promise.all(scene.nodes.map((name) => scene.#node(name)));
      for (const object of await scene.#objects(placeholders)) await scene.apply(object);
    } catch (error) {
      // Nodes that nobody runs would be in the way of other tests.
      await scene.close();
      throw error;
    }
    return scene;
  }

  async close(): Promise<void> {
    const gone = async ([ref, namespace, name]: Made): Promise<void> => {
      try {
        await this.api.delete(ref, namespace, name);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    };
    for (const one of this.#made.filter(([, namespace]) => namespace === undefined)) await gone(one);
    await eventually(
      "the namespace is gone",
      async () => {
        const there = await this.api.list<KubeObject>(namespaces);
        return there.items.every(({ metadata }) => metadata.name !== this.namespace) || undefined;
      },
      150_000,
    );
  }

  async apply(object: Record<string, unknown>): Promise<void> {
    const { apiVersion, kind, metadata } = object as unknown as Required<KubeObject>;
    const ref = await this.api.resourceFor(apiVersion, kind);
    const namespace = ref.namespaced ? metadata.namespace : undefined;
    await this.api.patch(ref, namespace, metadata.name, object, { type: "apply", fieldManager: MANAGER, force: true });
    this.#made.push([ref, namespace, metadata.name]);
  }

  /** A pod of so many CPUs, which may go to the scene's nodes alone. */
  async pod(name: string, cpu: number, more: Record<string, unknown> = {}): Promise<void> {
    await this.api.create(pods, this.namespace, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        nodeSelector: { "carrel.dev/test": this.prefix },
        tolerations: anywhere,
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "main",
            image: "registry.invalid/none",
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            resources: { limits: { cpu: String(cpu), memory: `${cpu}Gi` } },
          },
        ],
        ...more,
      },
    });
  }

  /** Where a pod is put. */
  nodeOf(name: string): Promise<string> {
    return eventually(
      `pod ${name} has a node`,
      async () => (await this.api.get<Pod>(pods, this.namespace, name)).spec.nodeName || undefined,
    );
  }

  async remove(name: string): Promise<void> {
    await this.api.delete(pods, this.namespace, name, { gracePeriodSeconds: 0 });
  }

  async scalePlaceholders(replicas: number): Promise<void> {
    const deployments = await this.api.resourceFor("apps/v1", "Deployment");
    await this.api.patch(deployments, this.namespace, "placeholder", { spec: { replicas } }, { type: "merge" });
    await eventually(
      "no placeholders",
      async () => (await this.podsOf("placeholder")).length === replicas || undefined,
    );
  }

  async podsOf(program: string): Promise<Pod[]> {
    const labelSelector = `app.kubernetes.io/name=${program}`;
    return (await this.api.list<Pod>(pods, this.namespace, { labelSelector })).items;
  }

  async #node(name: string): Promise<void> {
    const metadata = { name, labels: { "carrel.dev/test": this.prefix } };
    await this.api.create(nodes, undefined, { apiVersion: "v1", kind: "Node", metadata });
    this.#made.push([nodes, undefined, name]);
    const capacity = { cpu: String(CPUS), memory: `${CPUS}Gi`, pods: "110" };
    const body = { status: { capacity, allocatable: capacity } };
    await this.api.patch(nodes, undefined, name, body, { type: "merge", subresource: "status" });
  }

  /** What the stack declares, with names where the engine would make them; placeholders stay on the scene's nodes. */
  async #objects(count: number): Promise<Record<string, unknown>[]> {
    const given = { ...(await this.#settings()), placement: this.#placement(count) };
    const { resources } = await recordParts((opts) => {
      const optIns = { quota: false, podDefaults: false, imageMirror: false };
      const args = { namespace: this.namespace, podSecurity: "restricted", optIns, dns: false } as const;
      const namespace = new ManagedNamespace("hub", args, opts);
      const priorities = new Priorities("priorities", { prefix: this.prefix }, opts);
      placement(given, namespace, { system: namespace, priorities }, opts);
    });
    const rank = (type: string): number => (type.endsWith(":Namespace") ? 0 : type.endsWith(":Deployment") ? 2 : 1);
    return resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .sort((a, b) => rank(a.type) - rank(b.type))
      .map(({ name, inputs }) => {
        const object = { ...inputs, metadata: { name: `${name}-generated`, ...(inputs["metadata"] as object) } };
        return name.startsWith("placeholders") ? this.#confined(object) : object;
      });
  }

  #confined(object: Record<string, unknown>): Record<string, unknown> {
    const copy = structuredClone(object) as { spec: { template: { spec: Record<string, unknown> } } };
    Object.assign(copy.spec.template.spec, {
      nodeSelector: { "carrel.dev/test": this.prefix },
      tolerations: anywhere,
    });
    return copy as unknown as Record<string, unknown>;
  }

  #placement(count: number): Settings["placement"] {
    return { userScheduler: true, placeholders: { count, cpu: "3", memory: "3Gi" }, pullImages: false };
  }

  async #settings(): Promise<Settings> {
    const { endpoints } = await labUnderTest();
    return {
      ...settings,
      prefix: this.prefix,
      namespaces: { ...settings.namespaces, hub: this.namespace },
      network: { controlPlaneCidrs: endpoints.controlPlaneCidrs },
      imageMirror: { ...settings.imageMirror, rules: [], onMissing: "keep" },
      standIns: await kubernetesStandInReferences(),
    };
  }
}
