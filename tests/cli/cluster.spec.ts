import assert from "node:assert/strict";
import { join } from "node:path";
import { json, type ScriptedServer, scriptedServer } from "../services/lib/kube/scripted-server.ts";
import { Desk, kubeconfig, pod, podDefault, type Ran } from "./run.ts";

const listed = (...items: object[]) => json(200, { items, metadata: { resourceVersion: "9" } });
const base = podDefault("base", { env: [{ name: "TZ", value: "UTC" }] });
const applied = `pod lab/nb: 1 of 1 PodDefaults applied\n  base: applied\n    container "main": env "TZ"\n`;
const path = (namespace: string): string => `/apis/kubeflow.org/v1alpha1/namespaces/${namespace}/poddefaults`;

describe("carrel pod-defaults explain, on a cluster", () => {
  let desk: Desk;
  let server: ScriptedServer;
  beforeEach(async () => {
    desk = new Desk();
    desk.write("pod.yaml", pod());
    server = await scriptedServer(listed(base));
    desk.write(".kube/config", kubeconfig(server.url));
  });
  afterEach(async () => {
    await server.close();
    desk.clear();
  });

  const explain = (env: NodeJS.ProcessEnv = {}, ...args: string[]): Promise<Ran> =>
    desk.explain(["-f", "pod.yaml", ...args], { env });
  const asked = () => server.seen.map(({ method, path, headers }) => [method, path, headers.authorization]);
  const unreadable = (reason: string): Ran => ({
    code: 2,
    out: "",
    err: `error: PodDefaults of namespace "lab" cannot be read from ${server.url}: ${reason}, or give PodDefaults by -d\n`,
  });

  it("reads the PodDefaults of the pod's namespace with the kubeconfig of the home folder, and only reads", async () => {
    assert.deepEqual(await explain(), { code: 0, err: "", out: applied });
    assert.deepEqual(asked(), [["GET", path("lab"), "Bearer secret"]]);
  });

  it("reads every page", async () => {
    server.next.push(json(200, { items: [base], metadata: { resourceVersion: "9", continue: "more" } }));
    server.next.push(listed(podDefault("second", {})));
    assert.equal((await explain()).out, `${applied.replace("1 of 1", "2 of 2")}  second: applied\n`);
  });

  it("asks nothing where files are given", async () => {
    desk.write("other.yaml", podDefault("other", {}));
    assert.equal(
      (await explain({}, "-d", "other.yaml")).out,
      "pod lab/nb: 1 of 1 PodDefaults applied\n  other: applied\n",
    );
    assert.deepEqual(server.seen, []);
  });

  it("takes the namespace of -n, then the pod's, then the context's, then default", async () => {
    await explain({}, "-n", "given");
    desk.write("pod.yaml", pod({ namespace: undefined }));
    await explain();
    desk.write(".kube/config", kubeconfig(server.url, "of-context"));
    await explain();
    assert.deepEqual(
      asked().map(([, path]) => path),
      ["given", "default", "of-context"].map(path),
    );
  });

  it("uses the files of KUBECONFIG as kubectl does: together, the first counts, missing ones are passed by", async () => {
    const { clusters, contexts } = kubeconfig(server.url);
    desk.write("a/config", { "current-context": "test", contexts });
    desk.write("b/config", { ...kubeconfig("http://127.0.0.1:1"), "current-context": "none", clusters, contexts: [] });
    const files = ["missing", "a/config", "b/config"];
    assert.deepEqual(await explain({ KUBECONFIG: files.join(":") }), { code: 0, err: "", out: applied });
    assert.deepEqual(await explain({ KUBECONFIG: "missing:b/config" }), {
      code: 2,
      out: "",
      err: 'error: kubeconfig has no context "none": use one of none\n',
    });
  });

  it("finds what each file names next to that file", async () => {
    const { contexts, users } = kubeconfig(server.url);
    desk.write("a/config", { "current-context": "test", contexts, users });
    const cluster = { server: server.url, "certificate-authority": "ca.pem" };
    desk.write("b/config", { clusters: [{ name: "test", cluster }] });
    const files = ["a/config", "b/config"].map((file) => join(desk.folder, file)).join(":");
    assert.deepEqual(await explain({ KUBECONFIG: files }), {
      code: 2,
      out: "",
      err: `error: kubeconfig names ${join(desk.folder, "b", "ca.pem")} as certificate-authority, which cannot be read: correct it\n`,
    });
    desk.write("b/ca.pem", "");
    assert.equal((await explain({ KUBECONFIG: files })).out, applied);
  });

  it("tells where no kubeconfig is", async () => {
    const remedy = "name one by KUBECONFIG, or give PodDefaults by -d";
    const missing = (where: string): Ran => ({
      code: 2,
      out: "",
      err: `error: there is no kubeconfig at ${where}: ${remedy}\n`,
    });
    assert.deepEqual(await explain({ KUBECONFIG: "a:b" }), missing("a, b"));
    const home = join(desk.folder, "elsewhere");
    assert.deepEqual(await explain({ HOME: home }), missing(join(home, ".kube", "config")));
  });

  it("tells what is wrong with one of several kubeconfigs", async () => {
    desk.write("odd", "a: [");
    assert.equal(
      (await explain({ KUBECONFIG: "odd:.kube/config" })).err,
      "error: kubeconfig odd is not YAML: correct it, or name another file\n",
    );
  });

  const refused: [number, string][] = [
    [401, "log in to the cluster anew"],
    [403, "ask for the right to list poddefaults.kubeflow.org there"],
    [404, "install the definition of PodDefault of kubeflow.org/v1alpha1"],
    [500, "check that the cluster of your kubeconfig runs and can be reached"],
  ];
  for (const [code, remedy] of refused) {
    it(`tells what to do about ${code}`, async () => {
      server.fallback = json(code, { kind: "Status", message: "the server says so" });
      assert.deepEqual(await explain(), unreadable(`the server says so: ${remedy}`));
    });
  }

  it("tells that nobody answers", async () => {
    await server.close();
    const reason = `connect ECONNREFUSED 127.0.0.1:${server.port}`;
    assert.deepEqual(
      await explain(),
      unreadable(`${reason}: check that the cluster of your kubeconfig runs and can be reached`),
    );
    server = await scriptedServer();
  });
});
