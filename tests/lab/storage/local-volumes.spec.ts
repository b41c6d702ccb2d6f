import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { PROVISIONER, type Volume } from "../../../lab/agent/volume-plan.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createNamespace } from "../../support/namespace.ts";
import { pods } from "../../support/pods.ts";

const core = (kind: string, plural: string, namespaced = true): ResourceRef => ({
  apiVersion: "v1",
  kind,
  plural,
  namespaced,
});
const namespaces = core("Namespace", "namespaces", false);
const claims = core("PersistentVolumeClaim", "persistentvolumeclaims");
const volumes = core("PersistentVolume", "persistentvolumes", false);
const events: ResourceRef = { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events", namespaced: true };

interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string };
}
interface Claim extends KubeObject {
  readonly spec: { readonly volumeName?: string };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}
interface Event extends KubeObject {
  readonly note?: string;
  readonly reason?: string;
  readonly reportingController?: string;
  readonly regarding?: { readonly name?: string };
}

const GROUP = 5000;
/** What a pod may take to start beside much else. */
const SLOW_MS = 150_000;
const namespace = `t-${randomBytes(3).toString("hex")}-storage`;

interface Owner {
  readonly uid: number;
  readonly fsGroup?: number;
}

/** A pod that Pod Security `restricted` allows, with a script that has the claim's volume at /data. */
function podOf(name: string, image: string, { uid, fsGroup }: Owner, claimName: string, script: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: uid, runAsGroup: uid, seccompProfile: { type: "RuntimeDefault" } },
        ...(fsGroup === undefined ? {} : { fsGroup }),
      },
      containers: [
        {
          name: "main",
          image,
          command: ["/nodejs/bin/node", "-e", script],
          securityContext: {
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
    },
  };
}

const claimOf = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name },
  spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } }, ...spec },
});

/** Writes, and keeps the volume until it is deleted. */
const write = `
require("node:fs").writeFileSync("/data/notes", "from the first");
console.log("written");
setInterval(() => {}, 1000);
`;
const read = `
const { readFileSync, statSync, appendFileSync, mkdirSync } = require("node:fs");
const { mode, gid } = statSync("/data");
mkdirSync("/data/mine");
console.log(JSON.stringify({ notes: readFileSync("/data/notes", "utf8"), mode: (mode & 0o7777).toString(8), gid, inner: statSync("/data/mine").gid }));
`;
const attempt = `
const fs = require("node:fs");
const codeOf = (work) => { try { work(); return "done"; } catch ({ code }) { return code; } };
console.log(codeOf(() => fs.readFileSync("/data/notes")), codeOf(() => fs.writeFileSync("/data/other", "")));
`;

describe("volumes of the lab", function () {
  this.timeout(600_000);
  let api: KubeClient;
  let image: string;
  const made: string[] = [];

  before(async function () {
    const { client, endpoints } = await labUnderTest();
    api = client;
    image = endpoints.nodeBase;
    await createNamespace(api, namespace, { "pod-security.kubernetes.io/enforce": "restricted" });
    // Other clusters have storage of their own.
    if (endpoints.variant !== "built") this.skip();
  });
  after(async () => {
    await api.delete(namespaces, undefined, namespace);
    for (const name of made) await api.delete(volumes, undefined, name);
  });

  /** Makes a claim, and answers the name of the volume that it is bound to. */
  async function boundClaim(name: string): Promise<string> {
    await api.create(claims, namespace, claimOf(name, {}));
    const volume = await eventually(`claim ${name} is bound`, async () => {
      const { spec, status } = await api.get<Claim>(claims, namespace, name);
      return status?.phase === "Bound" ? spec.volumeName : undefined;
    });
    made.push(volume);
    return volume;
  }

  const logOf = async (name: string): Promise<string> =>
    String(await api.request("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log`));

  /** Starts a pod that writes to a claim's volume, and waits until it has. */
  async function startWriter(name: string, owner: Owner, claimName: string): Promise<void> {
    await api.create(pods, namespace, podOf(name, image, owner, claimName, write));
    const hasWritten = async (): Promise<true | undefined> => (await logOf(name)) === "written\n" || undefined;
    await eventually(`pod ${name} has written`, hasWritten, SLOW_MS);
  }

  /** Runs a pod to its end, and answers what it printed. */
  async function output(name: string, owner: Owner, claimName: string, script: string): Promise<string> {
    await api.create(pods, namespace, podOf(name, image, owner, claimName, script));
    await eventually(
      `pod ${name} ends`,
      async () => {
        const { status } = await api.get<Pod>(pods, namespace, name);
        return status?.phase === "Succeeded" || status?.phase === "Failed" ? true : undefined;
      },
      SLOW_MS,
    );
    return logOf(name);
  }

  it("are shared by the pods of one group, whatever their users, and by nobody else", async () => {
    await boundClaim("shared");
    await startWriter("first", { uid: 1001, fsGroup: GROUP }, "shared");
    const seen = JSON.parse(await output("second", { uid: 1002, fsGroup: GROUP }, "shared", read)) as unknown;
    assert.deepEqual(seen, { notes: "from the first", mode: "2770", gid: GROUP, inner: GROUP });
    assert.equal(await output("third", { uid: 1003 }, "shared", attempt), "EACCES EACCES\n");
  });

  it("grow with what is claimed, while they are used", async () => {
    const volume = await boundClaim("growing");
    await startWriter("user", { uid: 1001, fsGroup: GROUP }, "growing");
    const request = { spec: { resources: { requests: { storage: "3Gi" } } } };
    await api.patch(claims, namespace, "growing", request, { type: "merge" });
    await eventually("the claim shows its size", async () => {
      const { status } = await api.get<Claim>(claims, namespace, "growing");
      return status?.capacity?.storage === "3Gi" ? true : undefined;
    });
    const { spec } = await api.get<Volume>(volumes, undefined, volume);
    assert.deepEqual(spec.capacity, { storage: "3Gi" });
  });

  it("are kept when their claim goes", async () => {
    const volume = await boundClaim("leaving");
    await api.delete(claims, namespace, "leaving");
    await eventually("the volume is released", async () => {
      const { status } = await api.get<Pod>(volumes, undefined, volume);
      return status?.phase === "Released" ? true : undefined;
    });
  });

  it("are refused where a folder cannot do, in an Event of the claim", async () => {
    await api.create(claims, namespace, claimOf("raw", { volumeMode: "Block" }));
    const event = await eventually("an Event", async () => {
      const { items } = await api.list<Event>(events, namespace);
      return items.find(
        ({ regarding, reportingController }) => regarding?.name === "raw" && reportingController === PROVISIONER,
      );
    });
    assert.deepEqual(
      [event.reason, event.note],
      ["ProvisioningFailed", "volumeMode Block is not served here: ask for Filesystem"],
    );
    assert.equal((await api.get<Claim>(claims, namespace, "raw")).status?.phase, "Pending");
  });
});
