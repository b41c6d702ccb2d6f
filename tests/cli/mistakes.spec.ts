import assert from "node:assert/strict";
import { Desk, pod, podDefault } from "./run.ts";

const synopsis = "usage: carrel pod-defaults explain -f POD [-d PATH]... [-n NAMESPACE] [--json]\n";

describe("mistakes in the command line", () => {
  let desk: Desk;
  before(() => {
    desk = new Desk();
  });
  after(() => desk.clear());

  const only = "use one of carrel pod-defaults explain, carrel realm import-primehub, carrel storage preflight";
  const bad: [readonly string[], string][] = [
    [[], `no command is given: ${only}\n`],
    [["pod-defaults"], `there is no command "pod-defaults": ${only}\n`],
    [["pod-defaults", "apply"], `there is no command "pod-defaults apply": ${only}\n`],
    [["constructor"], `there is no command "constructor": ${only}\n`],
    [["pod-defaults", "explain"], `-f is not given: name the manifest of a pod, or - for standard input\n${synopsis}`],
    [["pod-defaults", "explain", "-f", "a", "-f", "b"], `-f is given 2 times: name one manifest\n${synopsis}`],
    [
      ["pod-defaults", "explain", "-f", "a", "-n", "A b"],
      `--namespace is "A b": write the name of a namespace\n${synopsis}`,
    ],
    [["pod-defaults", "explain", "-x"], `Unknown option '-x'\n${synopsis}`],
  ];
  for (const [args, message] of bad) {
    it(`are told of carrel ${args.join(" ")}`, async () => {
      assert.deepEqual(await desk.carrel(args), { code: 2, out: "", err: `error: ${message}` });
    });
  }

  it("are not what asks for help", async () => {
    const short = {
      code: 0,
      err: "",
      out: "usage: carrel pod-defaults explain, carrel realm import-primehub, carrel storage preflight; each has --help\n",
    };
    assert.deepEqual(await desk.carrel(["--help"]), short);
    assert.deepEqual(await desk.carrel(["pod-defaults", "-h"]), short);
    const { code, out, err } = await desk.explain(["--help"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.ok(out.startsWith(synopsis) && out.includes("Exit codes: 0 explained, 1 a conflict"), out);
  });
});

describe("mistakes in files", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
    desk.write("pod.yaml", pod());
    desk.write("base.yaml", podDefault("base", {}));
  });
  afterEach(() => desk.clear());

  const explained = async (): Promise<string> => {
    const { code, out, err } = await desk.explain(["-f", "pod.yaml", "-d", "base.yaml"]);
    assert.deepEqual([code, out], [2, ""], err);
    return err;
  };
  const there = "name what is there and readable";

  it("are told of what cannot be read", async () => {
    const answer = (args: readonly string[]) => desk.explain(args);
    assert.deepEqual(await answer(["-f", "no.yaml", "-d", "base.yaml"]), {
      code: 2,
      out: "",
      err: `error: no.yaml cannot be read (ENOENT): ${there}\n`,
    });
    assert.equal((await answer(["-f", ".", "-d", "base.yaml"])).err, `error: . cannot be read (EISDIR): ${there}\n`);
    assert.equal((await answer(["-f", "pod.yaml", "-d", "no"])).err, `error: no cannot be read (ENOENT): ${there}\n`);
  });

  const one = "give the manifest of one Pod of v1";
  const pods: [string, unknown, string][] = [
    ["an empty file", "# nothing\n", `pod.yaml has no manifest: ${one}`],
    ["another kind", { apiVersion: "apps/v1", kind: "Deployment" }, `pod.yaml has Deployment of apps/v1: ${one}`],
    ["no kind", { metadata: {} }, `pod.yaml has no kind of no apiVersion: ${one}`],
    ["two pods", { apiVersion: "v1", kind: "PodList", items: [{}, {}] }, `pod.yaml has 2 Pods: ${one}`],
    ["a text", "hello\n", 'pod.yaml is "hello": write an object with apiVersion, kind and metadata'],
    [
      "an item that is none",
      { apiVersion: "v1", kind: "List", items: [1] },
      "pod.yaml, item 0 is 1: write an object with apiVersion, kind and metadata",
    ],
    [
      "no YAML",
      "a: [1\nb: 2\n",
      "pod.yaml is neither YAML nor JSON: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1: correct it",
    ],
    [
      "an alias of nothing",
      "a: *b\n",
      "pod.yaml is neither YAML nor JSON: Unresolved alias (the anchor must be set before the alias): b: correct it",
    ],
  ];
  for (const [title, content, message] of pods) {
    it(`are told of ${title} in place of a pod`, async () => {
      desk.write("pod.yaml", content);
      assert.equal(await explained(), `error: ${message}\n`);
    });
  }

  it("are told of fields of the wrong type, each in a line", async () => {
    const container = { name: "main", env: [{}], volumeMounts: [{ name: "v" }], command: "sh" };
    const terms = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: 1 }] } };
    desk.write("pod.yaml", {
      ...pod({ labels: { spark: true } }),
      spec: { containers: [container], initContainers: {}, volumes: [{}], affinity: { nodeAffinity: terms } },
    });
    const required = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
    assert.equal(
      await explained(),
      `error: pod.yaml: metadata.labels must be a map of texts, got {"spark":true}
       pod.yaml: spec.initContainers must be a list, got {}
       pod.yaml: spec.volumes[0].name must be a text, got nothing
       pod.yaml: spec.containers "main".env[0].name must be a text, got nothing
       pod.yaml: spec.containers "main".volumeMounts[0].mountPath must be a text, got nothing
       pod.yaml: spec.containers "main".command must be a list of texts, got "sh"
       pod.yaml: ${required}.nodeSelectorTerms[0].matchFields must be a list, got 1
`,
    );
  });

  it("are told of a PodDefault without a name, by its document", async () => {
    desk.write("base.yaml", `${JSON.stringify(podDefault("a", {}))}\n---\n${JSON.stringify(podDefault("", {}))}\n`);
    assert.equal(await explained(), "error: base.yaml, document 2: metadata.name is not stated: write one\n");
    desk.write("base.yaml", { ...podDefault("a", {}), metadata: { name: 1 } });
    assert.equal(await explained(), "error: base.yaml: metadata.name must be a text, got 1\n");
  });

  it("are told of files and folders without a PodDefault of this kind", async () => {
    const remedy = "name a file or a folder with a PodDefault of kubeflow.org/v1alpha1";
    desk.write("base.yaml", { apiVersion: "carrel.dev/v1", kind: "PodDefault" });
    assert.equal(await explained(), `error: base.yaml has PodDefault of carrel.dev/v1: ${remedy}\n`);
    desk.write("empty/notes.txt", "");
    const { code, err } = await desk.explain(["-f", "pod.yaml", "-d", "empty"]);
    assert.deepEqual([code, err], [2, `error: empty has no manifest: ${remedy}\n`]);
  });
});
