import type { Finding } from "../../services/controllers/condition.ts";
import type { Happening } from "../../services/controllers/events.ts";
import { ControllerMetrics } from "../../services/controllers/metrics.ts";
import { Access } from "../../services/controllers/realm/access.ts";
import { type RealmDeclaration, withAdditions } from "../../services/controllers/realm/declaration.ts";
import { RealmReconciler } from "../../services/controllers/realm/reconciler.ts";
import { type SecretClient, secretClients, standardRealm } from "../../services/controllers/realm/standard.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { createLogger, type Logger } from "../../services/lib/log.ts";
import type { TestAccount, TestKeycloak } from "../support/keycloak.ts";

/** A secret for each client, long enough to be found wherever it turns up. */
export const secretsOf = (realm: string): Record<SecretClient, string> =>
  Object.fromEntries(secretClients.map((name) => [name, `${realm}-${name}-very-secret-0123456789`])) as Record<
    SecretClient,
    string
  >;

export const declarationOf = (realm: string): RealmDeclaration =>
  standardRealm({ realm, host: "carrel.localhost", port: 8443, secrets: secretsOf(realm) });

/** What a run of the reconciler leaves behind for people to read. */
export function recordingLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger({ level: "debug", write: (line) => void lines.push(line) }), lines };
}

/** The way into a realm as the platform's own reconciler takes it. */
export function accessTo(
  keycloak: TestKeycloak,
  realm: string,
  bootstrap: TestAccount | undefined,
  log: Logger = recordingLog().log,
): Access {
  const account = bootstrap && { clientId: bootstrap.clientId, secret: () => bootstrap.secret };
  return new Access({
    url: keycloak.url,
    realm,
    ownSecret: () => secretsOf(realm)["carrel-controllers"],
    ...(account === undefined ? {} : { bootstrap: account }),
    clock: systemClock,
    log,
    timeoutMs: 30_000,
  });
}

/** The reconciler of a realm, and what it says to people. */
export interface RealmUnderTest {
  readonly reconciler: RealmReconciler;
  readonly metrics: ControllerMetrics;
  readonly happenings: Happening[];
  readonly findings: Finding[];
  readonly lines: string[];
  /** What was changed since the last call. */
  changes(): string[];
}

/** @param additions what the site adds to the standard realm */
export function realmUnderTest(
  keycloak: TestKeycloak,
  realm: string,
  additions: () => Partial<RealmDeclaration> = () => ({}),
): RealmUnderTest {
  const { log, lines } = recordingLog();
  const metrics = new ControllerMetrics();
  const happenings: Happening[] = [];
  const findings: Finding[] = [];
  let applied: string | undefined;
  let changed: string[] = [];
  const reconciler = new RealmReconciler({
    access: accessTo(keycloak, realm, keycloak.admin, log),
    read: () => ({
      declaration: withAdditions(declarationOf(realm), additions()),
      secrets: new Set(Object.values(secretsOf(realm))),
    }),
    status: {
      applied: async () => applied,
      report: async (finding, { declaration, changes = [] } = {}) => {
        applied = declaration ?? applied;
        findings.push(finding);
        changed.push(...changes);
      },
      tell: async (happening) => void happenings.push(happening),
    },
    metrics,
    clock: systemClock,
    log,
  });
  const changes = (): string[] => {
    const since = changed;
    changed = [];
    return since;
  };
  return { reconciler, metrics, happenings, findings, lines, changes };
}
