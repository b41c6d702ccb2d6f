import assert from "node:assert/strict";
import { podSecurityProblems } from "../../policies/rules/pod-security-restricted.ts";
import { goodPodSpec, pod, subject } from "./subjects.ts";

const [main] = goodPodSpec.containers;
const POD = 'Pod "it"';
const MAIN = `${POD}, container "main"`;

const check = (spec: object, exceptions: readonly string[] = [], metadata: object = {}) => [
  ...podSecurityProblems(pod({ ...goodPodSpec, ...spec }, metadata), exceptions),
];
const container = (changes: object) => ({ containers: [{ ...main, ...changes }] });
const context = (changes: object) => container({ securityContext: { ...main?.securityContext, ...changes } });
/** A pod that leaves everything to its container. */
const silent = (changes: object) => ({ securityContext: {}, ...context(changes) });

describe("pod-security-restricted", () => {
  const seccompProfile = { type: "Localhost", localhostProfile: "a.json" };
  const good: [string, object][] = [
    ["what the pod says for all", {}],
    ["what the container says for itself", silent({ runAsNonRoot: true, seccompProfile })],
    ["no volume, no port", { volumes: [], ...container({ ports: [] }) }],
    ["false host fields", { hostNetwork: false, hostPID: false, hostIPC: false }],
    ["hostPort 0", container({ ports: [{ hostPort: 0 }] })],
    ["a user other than root", context({ runAsUser: 1000 })],
  ];
  for (const [title, spec] of good) {
    it(`takes ${title}`, () => assert.deepEqual(check(spec), []));
  }

  it("takes every volume that is not of the node", () => {
    const types = [
      "configMap",
      "csi",
      "downwardAPI",
      "emptyDir",
      "ephemeral",
      "persistentVolumeClaim",
      "projected",
      "secret",
    ];
    assert.deepEqual(check({ volumes: types.map((type) => ({ name: type, [type]: {} })) }), []);
  });

  const sc = "securityContext";
  const source = "use a persistentVolumeClaim, csi or emptyDir";
  const host = { name: "host", hostPath: { path: "/" } };
  const nfs = { name: "nfs", nfs: {} };
  const unconfined = { seccompProfile: { type: "Unconfined" } };
  const base = goodPodSpec.securityContext;
  const ofPod: [string, object, string][] = [
    ["hostNetwork", { hostNetwork: true }, "hostNetwork is true: leave it out"],
    ["hostPID", { hostPID: true }, "hostPID is true: leave it out"],
    ["hostIPC", { hostIPC: true }, "hostIPC is true: leave it out"],
    ["hostPath", { volumes: [host] }, `volume "host" is "hostPath": ${source}`],
    ["other volumes of the node", { volumes: [nfs] }, `volume "nfs" is "nfs": ${source}`],
    [
      "root by id",
      { securityContext: { ...base, runAsUser: 0 } },
      `${sc}.runAsUser is 0: write another user than root`,
    ],
    [
      "a pod that may be root",
      { ...context({ runAsNonRoot: true }), securityContext: { ...base, runAsNonRoot: false } },
      `${sc}.runAsNonRoot is false: write true`,
    ],
    [
      "an unconfined pod",
      { securityContext: { ...base, ...unconfined } },
      `${sc}.seccompProfile.type is "Unconfined": write RuntimeDefault`,
    ],
  ];
  for (const [title, spec, message] of ofPod) {
    it(`refuses ${title}`, () => assert.deepEqual(check(spec), [`${POD}: ${message}`]));
  }

  const drop = `${sc}.capabilities.drop`;
  const mustDrop = 'write ["ALL"]';
  const escalation = `${sc}.allowPrivilegeEscalation`;
  const withAdded = { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SYS_ADMIN"] } };
  const ofContainer: [string, object, string][] = [
    ["privileged", context({ privileged: true }), `${sc}.privileged is true: leave it out`],
    ["escalation", context({ allowPrivilegeEscalation: true }), `${escalation} is true: write false`],
    [
      "silence on escalation",
      context({ allowPrivilegeEscalation: undefined }),
      `${escalation} is not stated: write false`,
    ],
    ["capabilities kept", context({ capabilities: { drop: ["KILL"] } }), `${drop} is ["KILL"]: ${mustDrop}`],
    ["silence on capabilities", context({ capabilities: undefined }), `${drop} is not stated: ${mustDrop}`],
    [
      "capabilities added",
      context(withAdded),
      `${sc}.capabilities.add is ["NET_BIND_SERVICE","SYS_ADMIN"]: only NET_BIND_SERVICE may be added`,
    ],
    ["hostPort", container({ ports: [{ hostPort: 80 }] }), "hostPort is 80: leave it out and use a Service"],
    ["root by id", context({ runAsUser: 0 }), `${sc}.runAsUser is 0: write another user than root`],
    ["root against its pod", context({ runAsNonRoot: false }), `${sc}.runAsNonRoot is false: write true`],
    ["root by default", silent({ seccompProfile }), `${sc}.runAsNonRoot is not stated: write true here or for the pod`],
    [
      "no seccomp at all",
      silent({ runAsNonRoot: true }),
      `${sc}.seccompProfile.type is not stated: write RuntimeDefault here or for the pod`,
    ],
    [
      "no seccomp against its pod",
      context(unconfined),
      `${sc}.seccompProfile.type is "Unconfined": write RuntimeDefault`,
    ],
  ];
  for (const [title, spec, message] of ofContainer) {
    it(`refuses in a container: ${title}`, () => assert.deepEqual(check(spec), [`${MAIN}: ${message}`]));
  }

  it("refuses a pod that says nothing, in every container", () => {
    const problems = [
      ...podSecurityProblems(pod({ initContainers: [{ name: "a" }], containers: [{ name: "b" }] }), []),
    ];
    const fields = problems.map((problem) => /^Pod "it", (.+): securityContext\.([\w.]+) is not stated/.exec(problem));
    const expected = ["runAsNonRoot", "seccompProfile.type", "allowPrivilegeEscalation", "capabilities.drop"];
    assert.deepEqual(
      fields.map((match) => [match?.[1], match?.[2]]),
      ['init container "a"', 'container "b"'].flatMap((where) => expected.map((field) => [where, field])),
    );
  });

  it("lets go workloads of the namespaces in `exceptions` only", () => {
    const spec = { hostNetwork: true };
    assert.deepEqual(check(spec, ["kube-system"], { namespace: "kube-system" }), []);
    assert.equal(check(spec, ["kube-system"], { namespace: "carrel-work" }).length, 1);
    assert.deepEqual(check(spec, ["default"]), []);
  });

  it("has nothing to say on objects that make no pods", () => {
    assert.deepEqual([...podSecurityProblems(subject("core/v1:ConfigMap", { data: {} }), [])], []);
  });
});
