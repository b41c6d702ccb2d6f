import assert from "node:assert/strict";
import { kubeflowPodDefaultDefinition } from "../../crds/kubeflow-pod-default.ts";
import { podDefaultDefinition } from "../../crds/pod-default.ts";
import type { CustomResourceDefinition } from "../../crds/schema.ts";

/** What `kubectl apply` can keep in its annotation. */
const MAX_BYTES = 262_144;

interface Node {
  readonly type?: string;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources?: object;
  readonly schema: { readonly openAPIV3Schema: Node };
}

function versionOf({ spec }: CustomResourceDefinition): Version {
  const [version] = spec["versions"] as readonly Version[];
  assert.ok(version);
  return version;
}

const schemaOf = (definition: CustomResourceDefinition): Node => versionOf(definition).schema.openAPIV3Schema;
const specOf = (definition: CustomResourceDefinition): Node => schemaOf(definition).properties?.["spec"] ?? {};

/** Paths of nodes of which a test holds. */
function paths(node: Node, test: (node: Node) => boolean, at = ""): readonly string[] {
  const children = [
    ...Object.entries(node.properties ?? {}),
    ...(node.items ? [["[]", node.items] as const] : []),
    ...(node.additionalProperties ? [["{}", node.additionalProperties] as const] : []),
  ];
  return [...(test(node) ? [at] : []), ...children.flatMap(([key, child]) => paths(child, test, `${at}.${key}`))];
}

for (const [name, definition] of [
  ["kubeflow.org/v1alpha1", kubeflowPodDefaultDefinition],
  ["carrel.dev/v1", podDefaultDefinition],
] as const) {
  describe(`definition of the ${name} PodDefault`, () => {
    it("is far below what an annotation can hold", () => {
      assert.ok(Buffer.byteLength(JSON.stringify(definition)) < MAX_BYTES / 16);
    });

    it("is structural: every node has a type", () => {
      assert.deepEqual(
        paths(schemaOf(definition), ({ type }) => type === undefined),
        [],
      );
    });

    it("is served and stored in the one version", () => {
      const { group, scope, names } = definition.spec as { group: string; scope: string; names: { plural: string } };
      const version = versionOf(definition);
      assert.equal(`${group}/${version.name}`, name);
      assert.deepEqual([scope, version.served, version.storage], ["Namespaced", true, true]);
      assert.equal(definition.metadata.name, `${names.plural}.${group}`);
    });
  });
}

describe("what the kubeflow.org PodDefault demands", () => {
  const spec = specOf(kubeflowPodDefaultDefinition);

  it("is what upstream demands, and the spec itself may be absent", () => {
    assert.equal(schemaOf(kubeflowPodDefaultDefinition).required, undefined);
    const demands = paths(spec, ({ required }) => required !== undefined);
    assert.deepEqual(demands.toSorted(), [
      "",
      ".env.[]",
      ".env.[].valueFrom.configMapKeyRef",
      ".env.[].valueFrom.secretKeyRef",
      ".initContainers.[]",
      ".selector.matchExpressions.[]",
      ".sidecars.[]",
      ".volumeMounts.[]",
      ".volumes.[]",
    ]);
  });

  it("has all of upstream's fields and ours", () => {
    const upstream = "selector desc env envFrom volumes volumeMounts tolerations imagePullSecrets labels annotations";
    const containers = "command args serviceAccountName automountServiceAccountToken initContainers sidecars";
    const ours = "nodeSelector affinity priority targetContainers untouchedContainers";
    assert.deepEqual(Object.keys(spec.properties ?? {}), `${upstream} ${containers} ${ours}`.split(" "));
  });

  it("keeps what grows with releases of Kubernetes whole", () => {
    assert.deepEqual(
      paths(spec, (node) => node["x-kubernetes-preserve-unknown-fields"] === true),
      [".env.[].valueFrom", ".volumes.[]", ".initContainers.[]", ".sidecars.[]", ".affinity"],
    );
  });

  it("of labels in selectors is what the API machinery can convert", () => {
    const expression = spec.properties?.["selector"]?.properties?.["matchExpressions"]?.items?.properties ?? {};
    const key = new RegExp(expression["key"]?.pattern ?? "");
    const value = new RegExp(expression["values"]?.items?.pattern ?? "");
    assert.deepEqual(
      ["a", "a.b/C_d", "n".repeat(63), "", "a/b/c", "A/b", "-a", "n".repeat(64)].map((text) => key.test(text)),
      [true, true, true, false, false, false, false, false],
    );
    assert.deepEqual(
      ["", "true", "a.b", "-", "a b"].map((text) => value.test(text)),
      [true, true, true, false, false],
    );
  });

  it("leaves status to a subresource", () => {
    assert.deepEqual(versionOf(kubeflowPodDefaultDefinition).subresources, { status: {} });
  });
});

describe("what the carrel.dev PodDefault demands", () => {
  it("is a template, and a name wherever elements are matched by name", () => {
    assert.deepEqual(
      paths(specOf(podDefaultDefinition), ({ required }) => required !== undefined),
      [
        "",
        ".template.spec.containers.[]",
        ".template.spec.initContainers.[]",
        ".template.spec.volumes.[]",
        ".dependencies.[]",
      ],
    );
  });
});
