import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Desk, pod, podDefault } from "./run.ts";

const examples = fileURLToPath(new URL("../../examples/pod-defaults", import.meta.url));
const zone = { env: [{ name: "TZ", value: "UTC" }] };
const applied = `pod lab/nb: 1 of 1 PodDefaults applied
  base: applied
    container "main": env "TZ"
`;

describe("carrel pod-defaults explain, on files", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
    desk.write("pod.yaml", pod());
    desk.write("base.yaml", podDefault("base", zone));
  });
  afterEach(() => desk.clear());

  it("explains the examples as the guide does", async () => {
    assert.deepEqual(await desk.explain(["-f", join(examples, "2-pod.yaml"), "-d", examples]), {
      code: 0,
      err: "",
      out: `pod carrel-work/with-pod-defaults: 2 of 2 PodDefaults applied
  fast-disk (priority 10): applied
    pod: tolerations "disk=nvme:NoSchedule"
    pod: nodeSelector "disk"
  gcp-credentials: applied
    container "main": env "GOOGLE_APPLICATION_CREDENTIALS"
    container "main": volumeMounts "/secret/gcp"
    pod: volumes "gcp-credentials"
`,
    });
  });

  it("exits with 1 where a conflict refuses the pod, and names both values", async () => {
    desk.write("pod.yaml", pod({}, { env: [{ name: "TZ", value: "CET" }] }));
    desk.write("spark.yaml", podDefault("spark", { selector: { matchLabels: { spark: "true" } } }));
    assert.deepEqual(await desk.explain(["-f", "pod.yaml", "-d", "base.yaml", "-d", "spark.yaml"]), {
      code: 1,
      err: "",
      out: `pod lab/nb: 0 of 2 PodDefaults applied
  base: withheld, a conflict withholds every PodDefault
  spark: unselected, the pod's labels do not meet spark=true
  conflicts:
    PodDefault "base" sets env "TZ" of container "main" to {"name":"TZ","value":"UTC"}, but the pod has {"name":"TZ","value":"CET"}
`,
    });
  });

  it("prints JSON", async () => {
    const { code, out, err } = await desk.explain(["-f", "pod.yaml", "-d", "base.yaml", "--json"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(JSON.parse(out), {
      pod: "nb",
      namespace: "lab",
      outcome: "applied",
      podDefaults: [
        {
          name: "base",
          priority: 0,
          outcome: "applied",
          gifts: [{ podDefault: "base", field: "env", key: "TZ", container: "main", outcome: "added" }],
          missingContainers: [],
        },
      ],
      conflicts: [],
    });
    assert.ok(out.startsWith('{\n  "pod": "nb",\n') && out.endsWith("}\n"));
  });

  it("exits with 1 for a conflict in JSON too", async () => {
    desk.write("pod.yaml", pod({}, { env: [{ name: "TZ", value: "CET" }] }));
    const { code, out } = await desk.explain(["-f", "pod.yaml", "-d", "base.yaml", "--json"]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(out).conflicts.length, 1);
  });

  it("reads the pod from standard input, as JSON and as YAML", async () => {
    const yaml =
      "# a pod\napiVersion: v1\nkind: Pod\nmetadata: {name: nb, namespace: lab}\nspec: {containers: [{name: main}]}\n";
    for (const stdin of [JSON.stringify(pod()), yaml]) {
      assert.deepEqual(await desk.explain(["-f", "-", "-d", "base.yaml"], { stdin }), {
        code: 0,
        err: "",
        out: applied,
      });
    }
  });

  it("says of a malformed PodDefault why, and applies the others", async () => {
    desk.write("odd.yaml", podDefault("odd", { env: {} }));
    assert.deepEqual(await desk.explain(["-f", "pod.yaml", "-d", "odd.yaml", "-d", "base.yaml"]), {
      code: 0,
      err: "",
      out: `${applied.replace("1 of 1", "1 of 2")}  odd: malformed, spec.env must be a list, got {}\n`,
    });
  });

  it("takes YAML and JSON right in a folder, lists and documents apart, and the last of two with one name", async () => {
    const old = podDefault("base", { env: [{ name: "OLD", value: "" }] });
    desk.write("all/1.json", { apiVersion: "v1", kind: "List", items: [old, pod()] });
    desk.write("all/2.yml", {
      apiVersion: "kubeflow.org/v1alpha1",
      kind: "PodDefaultList",
      items: [{ metadata: { name: "a" } }],
    });
    desk.write(
      "all/3.yaml",
      `---\n${JSON.stringify(podDefault("b", {}))}\n---\n${JSON.stringify(podDefault("base", zone))}\n`,
    );
    desk.write("all/notes.txt", "not: [a manifest");
    desk.write("all/deeper.yaml/4.yaml", podDefault("deeper", {}));
    assert.deepEqual(await desk.explain(["-f", "pod.yaml", "-d", "all"]), {
      code: 0,
      err: "",
      out: 'pod lab/nb: 3 of 3 PodDefaults applied\n  a: applied\n  b: applied\n  base: applied\n    container "main": env "TZ"\n',
    });
  });

  it("reads files as kubectl does, octal modes, words for true and dates among them", async () => {
    const manifest = (volume: string): string =>
      `volumes:\n  - {name: v, secret: {secretName: s, defaultMode: ${volume}}}\n`;
    const head =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: nb, namespace: lab, annotations: {day: 2024-01-01, at: 12:30:00}}\n";
    const rest = manifest("420").replaceAll(/^/gm, "  ").trimEnd();
    desk.write("pod.yaml", `${head}spec:\n  automountServiceAccountToken: no\n  containers: [{name: main}]\n${rest}\n`);
    const own = "apiVersion: kubeflow.org/v1alpha1\nkind: PodDefault\nmetadata: {name: base}\n";
    desk.write(
      "base.yaml",
      `${own}spec:\n  automountServiceAccountToken: off\n  annotations: {day: 2024-01-01}\n  selector: {}\n${manifest("0644").replaceAll(/^/gm, "  ").trimEnd()}\n`,
    );
    assert.deepEqual(await desk.explain(["-f", "pod.yaml", "-d", "base.yaml"]), {
      code: 0,
      err: "",
      out: `pod lab/nb: 1 of 1 PodDefaults applied
  base: applied
    pod: volumes "v" (there already)
    pod: automountServiceAccountToken "false" (there already)
    pod: annotations "day" (there already)
`,
    });
  });

  const namespaces: [string, object, readonly string[], string][] = [
    ["the pod's own namespace", {}, [], "lab"],
    ["that of -n before it", {}, ["-n", "other"], "other"],
    ["that of --namespace", { namespace: undefined }, ["--namespace", "other"], "other"],
    ["default where none is stated", { namespace: undefined }, [], "default"],
  ];
  for (const [title, metadata, args, namespace] of namespaces) {
    it(`explains for ${title}, and counts PodDefaults without one to it`, async () => {
      desk.write("pod.yaml", pod(metadata));
      desk.write("base.yaml", JSON.parse(JSON.stringify({ ...podDefault("base", zone), metadata: { name: "base" } })));
      const out = applied.replace("lab/", `${namespace}/`);
      assert.deepEqual(await desk.explain(["-f", "pod.yaml", "-d", "base.yaml", ...args]), { code: 0, err: "", out });
    });
  }

  it("tells that PodDefaults of other namespaces are left out", async () => {
    desk.write("more.yaml", podDefault("more", { env: 1 }, "annex"));
    assert.deepEqual(await desk.explain(["-f", "pod.yaml", "-d", "base.yaml", "-d", "more.yaml", "-n", "other"]), {
      code: 0,
      err: "note: PodDefaults of other namespaces are left out (annex, lab): -n chooses another than other\n",
      out: "pod other/nb: 0 of 0 PodDefaults applied\n",
    });
  });
});
