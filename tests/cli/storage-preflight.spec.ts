import assert from "node:assert/strict";
import { json, type ScriptedServer, scriptedServer } from "../services/lib/kube/scripted-server.ts";
import { Desk, kubeconfig, type Ran } from "./run.ts";

const listed = (...items: object[]) => json(200, { items, metadata: { resourceVersion: "9" } });
const classOf = (name: string, provisioner: string, annotations: object = {}, creationTimestamp = "2026-01-01") => ({
  metadata: { name, annotations, creationTimestamp },
  provisioner,
});
const byDefault = { "storageclass.kubernetes.io/is-default-class": "true" };
const nodes = (count: number) => listed(...Array.from({ length: count }, (_, i) => ({ metadata: { name: `n${i}` } })));
const local = classOf("local-path", "rancher.io/local-path", byDefault);
const nfs = classOf("carrel-nfs", "nfs.csi.k8s.io");

describe("carrel storage preflight", () => {
  let desk: Desk;
  let server: ScriptedServer;
  beforeEach(() => {
    desk = new Desk();
  });
  afterEach(async () => {
    await server.close();
    desk.clear();
  });

  /** Runs the command on a cluster of some classes and some nodes. */
  async function ran(classes: readonly object[], count: number, ...args: string[]): Promise<Ran> {
    server = await scriptedServer(listed(...classes));
    server.next.push(listed(...classes), nodes(count));
    desk.write(".kube/config", kubeconfig(server.url));
    return desk.carrel(["storage", "preflight", ...args]);
  }

  it("refuses a class of one node on a cluster of several", async () => {
    assert.deepEqual(await ran([local, nfs], 3), {
      code: 1,
      out: 'refused: StorageClass "local-path" of rancher.io/local-path keeps a volume on one node, and the cluster has 3: name a class of network storage as carrel:storage.homeClass, or set carrel:storage.nfsServer or carrel:storage.nfsSize; with carrel:storage.accessMode ReadWriteOnce each home stays on its node\n',
      err: "",
    });
    const asked = server.seen.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(asked, ["GET /apis/storage.k8s.io/v1/storageclasses", "GET /api/v1/nodes"]);
  });

  it("warns where each home stays on its node", async () => {
    assert.deepEqual(await ran([local], 2, "--access-mode", "ReadWriteOnce"), {
      code: 0,
      out: 'warning: StorageClass "local-path" of rancher.io/local-path keeps a volume on one node, and the cluster has 2: a server starts on the node of its home, and nowhere while that is down or full\n',
      err: "",
    });
  });

  it("takes such a class on one node, and any other everywhere", async () => {
    const one =
      'ok: StorageClass "local-path" of rancher.io/local-path keeps a volume on one node, and the cluster has one\n';
    assert.deepEqual(await ran([local], 1), { code: 0, out: one, err: "" });
    await server.close();
    const other = 'ok: StorageClass "carrel-nfs" of nfs.csi.k8s.io is not known to be of one node\n';
    assert.deepEqual(await ran([local, nfs], 9, "--class", "carrel-nfs"), { code: 0, out: other, err: "" });
  });

  it("takes the newest default, as the API server does", async () => {
    const newer = classOf("ceph", "rbd.csi.ceph.com", byDefault, "2026-02-01");
    assert.match((await ran([local, newer], 2)).out, /^ok: StorageClass "ceph"/);
  });

  it("refuses a class that there is not", async () => {
    const rest = "there are carrel-nfs: name one of them by --class\n";
    assert.deepEqual(await ran([nfs], 1, "--class", "nfs"), {
      code: 1,
      out: `refused: there is no StorageClass "nfs"; ${rest}`,
      err: "",
    });
    await server.close();
    assert.deepEqual(await ran([nfs], 1), {
      code: 1,
      out: `refused: the cluster has no default StorageClass; ${rest}`,
      err: "",
    });
  });

  it("says what it cannot read, and what is wrong with its arguments", async () => {
    server = await scriptedServer(json(403, { kind: "Status", message: "no" }));
    desk.write(".kube/config", kubeconfig(server.url));
    const { code, err } = await desk.carrel(["storage", "preflight"]);
    assert.equal(code, 2);
    assert.match(err, /^error: StorageClasses and nodes cannot be read from .*: ask for the right to list nodes/);
    const wrong = await desk.carrel(["storage", "preflight", "--access-mode", "rwx"]);
    assert.deepEqual(
      [wrong.code, wrong.err.split("\n")[0]],
      [2, 'error: --access-mode must be one of ReadWriteMany, ReadWriteOnce, got "rwx"'],
    );
    assert.match((await desk.carrel(["storage", "preflight", "--help"])).out, /^usage: carrel storage preflight/);
  });
});
