import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { DenialEvents, type EventResult } from "../../../services/admission/denial-events.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { keptLog } from "../../services/admission/mutating.ts";
import { eventually } from "../../support/eventually.ts";
import { eventuallyEqual } from "../../support/eventually-equal.ts";
import { labUnderTest } from "../../support/lab.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const rbac = (kind: string, plural: string, namespaced = false): ResourceRef => ({
  apiVersion: RBAC,
  kind,
  plural,
  namespaced,
});
const accounts: ResourceRef = { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true };
const roles = rbac("ClusterRole", "clusterroles");
const bindings = rbac("ClusterRoleBinding", "clusterrolebindings");
const coreEvents: ResourceRef = { apiVersion: "v1", kind: "Event", plural: "events", namespaced: true };
const namespace = "carrel-work";
const name = `events-${randomBytes(3).toString("hex")}`;
const denied = {
  reason: "QuotaExceeded",
  message: 'quota exceeded: group "physics": cpu quota 2, used 2, requested 1',
} as const;

/** Which of these verbs the account of a client may use on events; what a role allows is known a moment after it is made. */
async function verbsOf(client: KubeClient, verbs: readonly string[]): Promise<string[]> {
  const allowed: string[] = [];
  for (const verb of verbs) {
    const resourceAttributes = { group: "events.k8s.io", resource: "events", namespace, verb };
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes },
    };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const { status } = (await client.request("POST", path, { body })) as { status: { allowed: boolean } };
    if (status.allowed) allowed.push(verb);
  }
  return allowed;
}

/** An event as kubectl reads it. */
interface CoreEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly series?: { readonly count: number };
  readonly involvedObject: object;
  readonly reportingComponent: string;
}

describe("events about refused pods on the API server", () => {
  let admin: KubeClient;
  const stop = new AbortController();
  const made: KubeClient[] = [];

  /** A client of an account that may do nothing but this with events. */
  const allowed = async (...verbs: string[]): Promise<KubeClient> => {
    const account = `${name}-${verbs.length}`;
    const metadata = { name: account };
    await admin.create(accounts, namespace, { apiVersion: "v1", kind: "ServiceAccount", metadata });
    const rules = verbs.length === 0 ? [] : [{ apiGroups: ["events.k8s.io"], resources: ["events"], verbs }];
    await admin.create(roles, undefined, { apiVersion: RBAC, kind: "ClusterRole", metadata, rules });
    await admin.create(bindings, undefined, {
      apiVersion: RBAC,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: account },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    });
    const { status } = (await admin.request(
      "POST",
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      },
    )) as { status: { token: string } };
    const { endpoints } = await labUnderTest();
    const { cert: _cert, key: _key, ...config } = kubeConfigFromFile(endpoints.kubeconfig, endpoints.context);
    const client = new KubeClient({ ...config, token: status.token });
    made.push(client);
    await eventuallyEqual(`what ${account} may do`, () => verbsOf(client, ["create", "patch"]), verbs);
    return client;
  };
  /** What a process of admission would write with that client, and what it says of it. */
  const running = (client: KubeClient, instance: string) => {
    const { log, lines } = keptLog();
    const results: [EventResult, number][] = [];
    const onResult = (...result: [EventResult, number]): unknown => results.push(result);
    const events = new DenialEvents({ client, clock: systemClock, log, instance, onResult });
    void events.run(stop.signal);
    return { events, lines, results };
  };
  const review = (uid: string) => ({
    operation: "CREATE",
    namespace,
    object: {
      metadata: { ownerReferences: [{ apiVersion: "carrel.dev/v1", kind: "Notebook", name, uid, controller: true }] },
    },
  });
  /** As `kubectl describe` asks. */
  const described = async (uid: string): Promise<CoreEvent[]> => {
    const selector = `involvedObject.kind=Notebook,involvedObject.namespace=${namespace},involvedObject.name=${name},involvedObject.uid=${uid}`;
    return (await admin.list<CoreEvent>(coreEvents, namespace, { fieldSelector: selector })).items;
  };

  before(async () => {
    ({ client: admin } = await labUnderTest());
  });
  after(async () => {
    stop.abort();
    for (const client of made) client.close();
    for (const account of [`${name}-0`, `${name}-2`]) {
      await admin.delete(bindings, undefined, account).catch(() => undefined);
      await admin.delete(roles, undefined, account).catch(() => undefined);
      await admin.delete(accounts, namespace, account).catch(() => undefined);
    }
  });

  it("are found by kubectl on the owner, one of two replicas with the count of both", async () => {
    const client = await allowed("create", "patch");
    const replicas = ["admission-a", "admission-b"].map((instance) => running(client, instance));
    for (const { events } of replicas) for (let i = 0; i < 3; i++) events.record(review("uid-1"), denied);
    const [event, ...others] = await eventually("all are counted", async () => {
      const found = await described("uid-1");
      return found[0]?.series?.count === 6 ? found : undefined;
    });
    assert.deepEqual(others, []);
    const { type, reason, message, involvedObject, reportingComponent } = event as CoreEvent;
    assert.deepEqual(
      { type, reason, message, involvedObject, reportingComponent },
      {
        type: "Warning",
        ...denied,
        involvedObject: { apiVersion: "carrel.dev/v1", kind: "Notebook", namespace, name, uid: "uid-1" },
        reportingComponent: "carrel.dev/admission",
      },
    );
    // The event is there before the answer to whoever has written it.
    const told = async (): Promise<number> =>
      replicas.flatMap(({ results }) => results).reduce((sum, [, occurrences]) => sum + occurrences, 0);
    await eventuallyEqual("what the replicas say", told, 6);
    assert.deepEqual(
      replicas.flatMap(({ lines }) => lines),
      [],
    );
  });

  it("are no trouble where they may not be written", async () => {
    const { events, lines, results } = running(await allowed(), "admission-c");
    for (const uid of ["uid-2", "uid-3"]) events.record(review(uid), denied);
    await eventually("one was tried", async () => (results.length > 0 ? true : undefined));
    assert.deepEqual(results, [["failed", 1]]);
    assert.deepEqual(
      lines.map(({ event, namespace: where }) => [event, where]),
      [["event-unwritten", namespace]],
    );
    assert.match(String(lines[0]?.["reason"]), /is forbidden/);
    assert.deepEqual(await described("uid-2"), []);
  });
});
