import assert from "node:assert/strict";
import { definitionUnderTest } from "./support.ts";

type Spec = Record<string, unknown>;
interface Case {
  readonly accepted: Readonly<Record<string, Spec>>;
  readonly refused: Readonly<Record<string, readonly [spec: Spec, field: string, message: string]>>;
}

const rule = (message: string): string => `Invalid value: ${message}`;
const gpu = "nvidia.com/gpu";

const cases: Readonly<Record<string, Case>> = {
  InstanceType: {
    accepted: {
      small: { displayName: "Small", cpu: "1", memory: "2Gi" },
      large: {
        cpu: 16,
        memory: "64Gi",
        resources: { [gpu]: 1 },
        requests: { cpu: "4", memory: "32Gi" },
        nodeSelector: { "carrel.dev/pool": "gpu" },
        tolerations: [{ key: gpu, operator: "Exists", effect: "NoSchedule" }],
        priorityClassName: "carrel-notebook",
      },
    },
    refused: {
      "no memory": [{ cpu: "1" }, "spec.memory", "Required value"],
      "no amount of memory": [{ cpu: "1", memory: null }, "spec.memory", "Required value"],
      "CPU as an extended resource": [
        { cpu: "1", memory: "1Gi", resources: { cpu: "2" } },
        "spec.resources",
        rule("extended resources have a domain, as in nvidia.com/gpu: cpu and memory stand beside them"),
      ],
    },
  },
  Image: {
    accepted: {
      scipy: {
        displayName: "SciPy",
        reference: "quay.io/jupyter/scipy-notebook:2026-10-01",
        pullSecret: null,
        build: null,
      },
      variants: {
        reference: "registry.example.org/lab:1",
        variants: [
          { accelerator: gpu, reference: "registry.example.org/lab:1-cuda" },
          { architecture: "arm64", reference: "registry.example.org/lab:1-arm64" },
        ],
      },
      built: { build: { base: "python:3.12", apt: ["git"], pip: ["numpy==2.3.1", "scipy"] } },
    },
    refused: {
      nothing: [{ displayName: "?" }, "spec", rule("an image needs a reference, or a build that makes one")],
      "a variant for everything": [
        { reference: "a", variants: [{ reference: "b" }] },
        "spec.variants[0]",
        rule("a variant says for which architecture or accelerator it is"),
      ],
      "a command for a package": [
        { build: { base: "python:3.12", apt: ["git; reboot"] } },
        "spec.build.apt[0]",
        `Invalid value: "git; reboot": spec.build.apt[0] in body should match '^[^\\s;&|\`$<>\\\\'"]+$'`,
      ],
    },
  },
  Volume: {
    accepted: {
      made: { displayName: "Corpus", kind: "pvc", size: "50Gi", mountPath: "/datasets/corpus", upload: false },
      existing: { kind: "pvc", claimName: "corpus", mountPath: "/datasets/corpus" },
      nfs: { kind: "nfs", nfs: { server: "nfs.example.org", path: "/export/a" }, mountPath: "/datasets/a" },
      git: { kind: "git", git: { url: "https://git.example.org/a.git", ref: "main" }, mountPath: "/datasets/a" },
      "host-path": { kind: "hostPath", hostPath: { path: "/srv/a" }, mountPath: "/datasets/a" },
      env: { kind: "env", env: { S3_ENDPOINT: "https://s3.example.org" } },
    },
    refused: {
      "a claim without a size": [
        { kind: "pvc", mountPath: "/a" },
        "spec",
        rule("a volume of kind pvc has either a size or a claimName, and no other has one"),
      ],
      "a size and a claim": [
        { kind: "pvc", size: "1Gi", claimName: "a", mountPath: "/a" },
        "spec",
        rule("a volume of kind pvc has either a size or a claimName, and no other has one"),
      ],
      "no path": [{ kind: "pvc", size: "1Gi" }, "spec", rule("every volume has a mountPath but one of kind env")],
      "a relative path": [
        { kind: "pvc", size: "1Gi", mountPath: "data" },
        "spec.mountPath",
        `Invalid value: "data": spec.mountPath in body should match '^/'`,
      ],
      "another kind's field": [
        { kind: "env", env: {}, nfs: { server: "a", path: "/" } },
        "spec",
        rule("a volume of kind nfs has the field nfs, and no other has it"),
      ],
      "a variable that no shell has": [
        { kind: "env", env: { "1st": "x" } },
        "spec.env",
        rule("variables are letters, digits and underscores, and begin with no digit"),
      ],
      "an unknown kind": [
        { kind: "tape", mountPath: "/a" },
        "spec.kind",
        'Unsupported value: "tape": supported values: "pvc", "nfs", "git", "hostPath", "env"',
      ],
    },
  },
};

for (const [kind, { accepted, refused }] of Object.entries(cases)) {
  describe(`${kind} on the API server`, () => {
    const definition = definitionUnderTest(kind);
    for (const [name, spec] of Object.entries(accepted)) {
      it(`is kept as it is declared: ${name}`, async () => {
        assert.deepEqual((await definition().create(name, { spec })).spec, spec);
      });
    }
    for (const [name, [spec, field, message]] of Object.entries(refused)) {
      it(`is refused with ${name}`, async () => {
        const refusals = await definition().refusals(spec);
        assert.deepEqual(
          refusals.filter((refusal) => refusal.field === field),
          [{ field, message }],
          JSON.stringify(refusals),
        );
      });
    }
  });
}

describe("a Volume that is there", () => {
  const volume = definitionUnderTest("Volume");

  it("keeps its kind", async () => {
    await volume().create("kept", { spec: { kind: "pvc", claimName: "a", mountPath: "/a" } });
    const spec = { kind: "nfs", claimName: null, nfs: { server: "a", path: "/" } };
    const { client, ref, namespace } = volume();
    await assert.rejects(client.patch(ref, namespace, "kept", { spec }, { type: "merge" }), {
      message: /spec: Invalid value: the kind cannot be changed: make another volume$/,
    });
  });
});
