import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  type Calling,
  callWebhook,
  ensureCaller,
  type Load,
  type Summary,
  startCalling,
} from "../../../bench/caller.ts";
import { existingLayout } from "../../../lab/cluster/built.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { labName, labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, pods } from "../../support/pods.ts";
import { podReviews, REVIEW_UID } from "../../support/reviews.ts";
import {
  type ServingCertificates,
  type ServingPair,
  serialOf,
  servingCertificatesUnderTest,
} from "../../support/serving-certificates.ts";

const namespaced = { namespaced: true } as const;
const secrets: ResourceRef = { apiVersion: "v1", kind: "Secret", plural: "secrets", ...namespaced };
const services: ResourceRef = { apiVersion: "v1", kind: "Service", plural: "services", ...namespaced };
const deployments: ResourceRef = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", ...namespaced };
const [system, work] = ["carrel-system", "carrel-work"];
const group = `t-${randomBytes(3).toString("hex")}-callers`;
const writer = { type: "merge", fieldManager: "callers-test" } as const;
const selector = { labelSelector: "app.kubernetes.io/name=admission" };

const CALLS_PER_SECOND = 500;
/** What a busy machine has to make of them at least; the rest is left out, and counted, by the caller. */
const LEAST_PER_SECOND = CALLS_PER_SECOND / 2;
const ROTATIONS = 3;
/** Longer than what is waited for meanwhile, which ends it. */
const LONG_SECONDS = 350;
/** How long connections of the idle test are left alone: from 85 s to 95 s, each another time. */
const idleGapsMs = Array.from({ length: 101 }, (_, i) => 85_000 + i * 100);

interface Pod extends KubeObject {
  readonly status: { readonly podIP: string };
}
interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}
interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly volumes: readonly { readonly secret: { secretName: string } }[] } };
  };
  readonly status: Readonly<Record<string, number | undefined>>;
}

const decoded = (base64 = ""): string => Buffer.from(base64, "base64").toString("utf8");
const encoded = (text: string): string => Buffer.from(text).toString("base64");

/** Each client opens its connection, leaves it for its own gap, and calls again. */
function idleMoments(): NonNullable<Load["moments"]> {
  const opened = idleGapsMs.map((gapMs, client) => ({ client, gapMs, atMs: client * 10 }));
  const again = opened.map(({ client, gapMs, atMs }) => ({ client, atMs: atMs + gapMs }));
  return [...opened.map(({ client, atMs }) => ({ client, atMs })), ...again.sort((a, b) => a.atMs - b.atMs)];
}

/** Every call was answered by 200 and allowed. */
function assertNoFailure(what: string, { calls, failed, errors, statuses, retries, verdicts }: Summary): void {
  const denied = Object.values(verdicts).reduce((sum, each) => sum + each.denied, 0);
  assert.deepEqual(
    { what, failed, errors, statuses, retries, denied },
    { what, failed: 0, errors: {}, statuses: { "200": calls }, retries: 0, denied: 0 },
  );
}

/** Figures of a run, on one line of the test's output. */
function figures(what: string, summary: Summary): void {
  const { calls, skipped, failed, ratePerSecond, connections, latencyMs, lateMs } = summary;
  const latency = Object.entries(latencyMs).map(([name, ms]) => `${name} ${ms}`);
  console.log(
    `      ${what}: ${calls} calls, ${skipped} skipped, ${failed} failed, ${ratePerSecond}/s, ${connections} connections, ms: ${latency.join(" ")}, late ${lateMs}`,
  );
}

describe("a caller like the API server", function () {
  this.timeout(400_000);
  let client: KubeClient;
  let program: string;
  let netns: string;
  let certificates: ServingCertificates;
  let service: Load;
  let secretName: string;
  let original: Secret | undefined;
  let idle: Calling;
  const started: Calling[] = [];

  const start = (load: Partial<Load>): Calling => {
    const calling = startCalling(program, { ...service, ...load }, { netns });
    // Whoever awaits it hears of a failure; this is for the others.
    calling.summary.catch(() => {});
    started.push(calling);
    return calling;
  };
  const call = (load: Partial<Load>): Promise<Summary> => callWebhook(program, { ...service, ...load }, { netns });
  const replicas = async (): Promise<readonly Pod[]> => (await client.list<Pod>(pods, system, selector)).items;
  const deployment = (): Promise<Deployment> => client.get<Deployment>(deployments, system, "admission");

  /** Gives the Secret another pair and waits until every replica shows it. */
  const rotateTo = async ({ cert, key, serial }: ServingPair): Promise<void> => {
    const data = { "tls.crt": encoded(cert), "tls.key": encoded(key) };
    await client.patch(secrets, system, secretName, { data }, writer);
    for (const { metadata, status } of await replicas()) {
      await eventually(`${metadata.name} shows certificate ${serial}`, async () => {
        const shown = await call({ address: `${status.podIP}:8443`, ratePerSecond: 1, limit: 1 });
        return serial in shown.certificates ? true : undefined;
      });
    }
  };

  before(async function () {
    // Building the caller, the first time on a machine.
    this.timeout(600_000);
    const lab = await labUnderTest();
    // Only a lab of our own making has a network that calls can be made from as the API server makes them.
    const layout = existingLayout(labName());
    if (lab.endpoints.variant !== "built" || !layout) return this.skip();
    ({ client } = lab);
    netns = layout.netnsPath;
    program = await ensureCaller();
    certificates = servingCertificatesUnderTest();
    const { spec } = await client.get<KubeObject & { spec: { clusterIP: string } }>(services, system, "admission");
    service = {
      address: `${spec.clusterIP}:443`,
      serverName: `admission.${system}.svc`,
      ca: certificates.ca,
      calls: podReviews(work, group),
      uid: REVIEW_UID,
      timeoutSeconds: 5,
      // A burst after a stall of this machine is not what is under test.
      maxLateMs: 100,
    };
    secretName = (await deployment()).spec.template.spec.volumes.map(({ secret }) => secret.secretName)[0] ?? "";
    original = await client.get<Secret>(secrets, system, secretName);
    await createGroup(client, group, { quota: { cpu: "1" } });
    await eventually("every replica knows the group", async () => {
      const { failed, verdicts } = await call({ ratePerSecond: 50, limit: 30, freshConnections: true });
      return failed === 0 && verdicts["/quota"]?.denied === 0 ? true : undefined;
    });
    idle = start({ moments: idleMoments(), clients: idleGapsMs.length, maxLateMs: 0 });
  });

  after(async () => {
    if (!client) return;
    for (const calling of started) calling.stop();
    await Promise.allSettled(started.map(({ summary }) => summary));
    await client.delete(groups, undefined, group).catch(() => undefined);
    if (original === undefined) return;
    await client.patch(secrets, system, secretName, { data: original.data }, writer);
    // And who has written it; the stack owns all of it again.
    const { managedFields } = original.metadata as { managedFields?: unknown };
    await client.patch(secrets, system, secretName, { metadata: { managedFields } }, writer);
  });

  it(`fails no call while the certificate is rotated ${ROTATIONS} times, and gets every new one`, async () => {
    const steady = start({ ratePerSecond: CALLS_PER_SECOND, seconds: LONG_SECONDS });
    // The pool hides new certificates; these see each one, and the moment in which it changes.
    const fresh = start({ ratePerSecond: 20, seconds: LONG_SECONDS, freshConnections: true });
    const serials = [serialOf(decoded(original?.data["tls.crt"]))];
    // Until these are done, the others are on their way too, and meet the certificate of before.
    const before = await call({ ratePerSecond: 50, limit: 100, freshConnections: true });
    assert.deepEqual(before.certificates, { [`${serials[0]}`]: before.calls });
    for (let i = 0; i < ROTATIONS; i++) {
      const pair = await certificates.issue();
      await rotateTo(pair);
      serials.push(pair.serial);
      const { calls, certificates: shown } = await call({ ratePerSecond: 50, limit: 50, freshConnections: true });
      assert.deepEqual(shown, { [pair.serial]: calls });
    }
    for (const calling of [steady, fresh]) calling.stop();
    const [kept, renewed] = [await steady.summary, await fresh.summary];
    figures("rotation", kept);
    figures("rotation, new connections", renewed);
    assertNoFailure("500 calls a second", kept);
    assertNoFailure("new connections", renewed);
    assert.deepEqual(Object.keys(renewed.certificates).sort(), serials.sort());
    assert.ok(kept.ratePerSecond > LEAST_PER_SECOND, `only ${kept.ratePerSecond} calls a second were made`);
  });

  it("fails no call on connections that were idle for around 90 s, through rotations too", async () => {
    const summary = await idle.summary;
    figures("idle", summary);
    assertNoFailure("idle connections", summary);
    const { connections, reused, longestIdleMs, lateMs } = summary;
    console.log(`      idle: ${reused} reused, after up to ${longestIdleMs} ms`);
    const within = (limitMs: number): number => idleGapsMs.filter((gapMs) => gapMs <= limitMs).length;
    // What was idle for less than 90 s is there still; what was for more, the client has closed. By how much the caller
    // itself was late, a connection was idle for longer than planned.
    assert.ok(reused >= within(88_000 - lateMs) && reused <= within(91_000 + lateMs), `${reused} were reused`);
    assert.equal(connections, 2 * idleGapsMs.length - reused);
    const longest = `the longest was idle for ${longestIdleMs} ms`;
    assert.ok(longestIdleMs > 87_900 - lateMs && longestIdleMs < 90_500, longest);
  });

  it("fails no call while every replica is replaced", async () => {
    const calling = start({ ratePerSecond: CALLS_PER_SECOND, seconds: LONG_SECONDS });
    const old = new Set((await replicas()).map(({ metadata }) => metadata.uid));
    const annotations = { "carrel.dev/test-restarted-at": new Date().toISOString() };
    const template = { spec: { template: { metadata: { annotations } } } };
    const change = { type: "merge", fieldManager: "rollout-test" } as const;
    await client.patch(deployments, system, "admission", template, change);
    await eventually(
      "new replicas have taken the place of the old ones, which are gone",
      async () => {
        const { metadata, spec, status } = await deployment();
        const isNew = status["observedGeneration"] === metadata.generation && status["readyReplicas"] === spec.replicas;
        const there = await replicas();
        return isNew && there.length === spec.replicas && there.every((pod) => !old.has(pod.metadata.uid))
          ? true
          : undefined;
      },
      120_000,
    );
    calling.stop();
    const summary = await calling.summary;
    figures("rolling restart", summary);
    assertNoFailure("500 calls a second", summary);
    assert.ok(summary.ratePerSecond > LEAST_PER_SECOND, `only ${summary.ratePerSecond} calls a second were made`);
  });
});
