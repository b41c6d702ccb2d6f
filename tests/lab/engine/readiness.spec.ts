import assert from "node:assert/strict";
import { byName } from "../../engine/support/project.ts";
import { type Json, type LabProgram, operations, reasons, urnOf, withLab } from "./support.ts";

/** Ready a while after its start, so that a process that ends at once never is, however busy the machine is. */
const node = (lab: LabProgram, script: string): string => `[{
  name: "main", image: "${lab.endpoints.nodeBase}", command: ["/nodejs/bin/node", "-e", ${JSON.stringify(script)}],
  readinessProbe: { exec: { command: ["/nodejs/bin/node", "-e", "0"] }, initialDelaySeconds: 10, timeoutSeconds: 30 },
}]`;

const crash = 'console.log("bye"); process.exit(3)';
const stay = "setInterval(() => undefined, 1000)";

const deployment = (lab: LabProgram, script: string): string => `
new k8s.apps.v1.Deployment("app", { metadata: { name: "app" }, spec: {
  selector: { matchLabels: { app: "app" } }, template: { metadata: { labels: { app: "app" } },
    spec: { terminationGracePeriodSeconds: 0, containers: ${node(lab, script)} } } } },
  { provider, customTimeouts: { create: "40s", update: "90s" } });`;

/** A text with what differs from run to run replaced. */
const timeless = (text: string): string =>
  text.replaceAll(/app-[0-9a-z]+-[0-9a-z]{5}\b/g, "app-POD").replaceAll(/after \d+ s/g, "after N s");

describe("waiting until an object is what it should be", () => {
  it("tells why a Deployment crashes, keeps it in the state, and goes on once it is mended", () =>
    withLab("crash", async (lab) => {
      lab.program(deployment(lab, crash));
      const failed = await lab.run("up");
      assert.equal(failed.code, 255);
      const [reason = "", ...others] = reasons(failed).map(timeless);
      assert.deepEqual(others, []);
      const lines = reason.split("\n");
      assert.equal(lines[0], `${urnOf(lab, "apps/v1:Deployment", "app")}: not ready after N s: 0 of 1 readyReplicas`);
      const [pod = "", log = ""] = [lines[1], lines[2]];
      assert.match(pod, /^ {4}pod app-POD, container main: .*last exit code 3 \(Error\)/);
      assert.equal(log, "      log: bye");
      const kept = byName(lab.project.state, "app");
      assert.deepEqual(
        [kept.id, (kept["initErrors"] as string[]).map(timeless)],
        [`${lab.namespace}/app`, [reason.slice(`${urnOf(lab, "apps/v1:Deployment", "app")}: `.length)]],
      );
      const { uid } = (await lab.existing("apps/v1", "Deployment", "app")).metadata;

      const mended = await lab.up(deployment(lab, stay));
      assert.deepEqual(operations(mended), ["update Deployment app"]);
      const ready = (await lab.existing("apps/v1", "Deployment", "app")) as Json & {
        status: { readyReplicas: number };
      };
      assert.deepEqual([ready.metadata.uid, ready.status.readyReplicas], [uid, 1]);
      assert.equal(byName(lab.project.state, "app")["initErrors"], undefined);
      assert.deepEqual(operations(await lab.done("up", "--expect-no-changes")), []);
    }));

  it("tells the reason of a Job that fails, of a Pod without its image, and of one that no node takes", () =>
    withLab("failing", async (lab) => {
      const short = '{ provider, customTimeouts: { create: "40s" } }';
      const image = `${lab.endpoints.registry.host}/none:1`;
      lab.program(`
new k8s.batch.v1.Job("job", { metadata: { name: "job" }, spec: { backoffLimit: 0, template: { spec: {
  restartPolicy: "Never", containers: ${node(lab, crash)} } } } }, { provider, customTimeouts: { create: "120s" } });
new k8s.core.v1.Pod("pulled", { metadata: { name: "pulled" }, spec: { terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image: "${image}" }] } }, ${short});
new k8s.core.v1.Pod("homeless", { metadata: { name: "homeless" }, spec: { terminationGracePeriodSeconds: 0,
  nodeSelector: { "carrel.dev/test": "nowhere" }, containers: [{ name: "main", image: "${image}" }] } }, ${short});`);
      const failed = await lab.run("up");
      assert.equal(failed.code, 255);
      const said = reasons(failed).map(timeless);
      const of = (name: string): string => said.find((text) => text.includes(`::${name}: `)) ?? "";
      assert.equal(said.length, 3);
      assert.match(
        of("job"),
        /::job: failed: failed: Job has reached the specified backoff limit\n {4}pod job-\w+, container main: last exit code 3 \(Error\)\n {6}log: bye/,
      );
      assert.match(
        of("pulled"),
        /::pulled: not ready after N s: condition Ready is False: containers with unready status: \[main\]\n {4}pod pulled, container main: waiting: (ErrImagePull|ImagePullBackOff) .*\/none:1/,
      );
      assert.match(
        of("homeless"),
        /::homeless: not ready after N s: condition Ready is missing\n {4}pod homeless: 0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector/,
      );
      const ids = lab.project.state.resources.map(({ id }) => id).filter((id) => id?.startsWith(lab.namespace));
      assert.deepEqual(
        ids.sort(),
        ["homeless", "job", "pulled"].map((name) => `${lab.namespace}/${name}`),
      );
    }));

  it("is over when a Pod has done its work, and tells at once that it failed", () =>
    withLab("finished", async (lab) => {
      const pod = (name: string, script: string): string => `
new k8s.core.v1.Pod("${name}", { metadata: { name: "${name}" }, spec: { restartPolicy: "Never",
  containers: ${node(lab, script)} } }, { provider, customTimeouts: { create: "120s" } });`;
      lab.program(pod("good", "") + pod("bad", crash));
      const up = await lab.run("up");
      const [reason = "", ...others] = reasons(up);
      assert.deepEqual([up.code, others], [255, []]);
      assert.equal(
        reason,
        `${urnOf(lab, "core/v1:Pod", "bad")}: failed: phase is Failed\n    pod bad, container main: last exit code 3 (Error)\n      log: bye`,
      );
      const { status } = byName(lab.project.state, "good").outputs as { status: { phase: string } };
      assert.equal(status.phase, "Succeeded");
    }));

  it("is left out with pulumi.com/skipAwait", () =>
    withLab("skip", async (lab) => {
      const up = await lab.up(`
new k8s.core.v1.Pod("never", { metadata: { name: "never", annotations: { "pulumi.com/skipAwait": "true" } }, spec: {
  nodeSelector: { "carrel.dev/test": "nowhere" }, containers: [{ name: "main", image: "registry.invalid/none" }] } }, opts);`);
      assert.deepEqual(operations(up), ["create Pod never"]);
      assert.equal(byName(lab.project.state, "never")["initErrors"], undefined);
    }));

  it("ends with the address that the lab gives to a Service of type LoadBalancer", () =>
    withLab("balanced", async (lab) => {
      const up = await lab.up(`
const web = new k8s.core.v1.Service("web", { metadata: { name: "web" },
  spec: { type: "LoadBalancer", selector: { app: "web" }, ports: [{ port: 80 }] } }, opts);
export const address = web.status.loadBalancer.ingress[0].ip;`);
      const web = (await lab.existing("v1", "Service", "web")) as Json & {
        status: { loadBalancer: { ingress: { ip: string }[] } };
      };
      const [{ ip = "" } = {}] = web.status.loadBalancer.ingress;
      assert.match(ip, /^\d+\.\d+\.\d+\.\d+$/);
      assert.deepEqual(up.outputs, { address: ip });
    }));
});
