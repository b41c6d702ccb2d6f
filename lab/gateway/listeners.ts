import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KubeObject } from "../../services/lib/kube/types.ts";
import { selects } from "../agent/selectors.ts";
import { type Finding, no, yes } from "./conditions.ts";
import type { Gateway, Listener, Secret } from "./objects.ts";
import type { PlannedCertificate, PlannedListener } from "./plan.ts";

/** A listener of a Gateway, judged by itself. */
export interface JudgedListener {
  readonly id: string;
  readonly gateway: Gateway;
  readonly listener: Listener;
  /** Undefined where it cannot be served. */
  readonly kind: PlannedListener["kind"] | undefined;
  readonly certificates: readonly PlannedCertificate[];
  readonly accepted: Finding;
  readonly resolvedRefs: Finding;
}

const kinds: Readonly<Record<string, PlannedListener["kind"]>> = { HTTP: "http", HTTPS: "https", TCP: "tcp" };

/** The kind of route that a listener of a protocol takes. */
export const routeKindOf = (protocol: string): "HTTPRoute" | "TCPRoute" =>
  protocol === "TCP" ? "TCPRoute" : "HTTPRoute";

const decoded = (base64: string | undefined): string => Buffer.from(base64 ?? "", "base64").toString("utf8");

/** The Secret's certificate in the order in which the proxy reads it, or what is wrong with it. */
function pemOf(secret: Secret | undefined, name: string): { readonly pem: string } | { readonly wrong: string } {
  if (secret === undefined) return { wrong: `there is no Secret ${name} of type kubernetes.io/tls` };
  const [certificate, key] = [decoded(secret.data?.["tls.crt"]), decoded(secret.data?.["tls.key"])];
  try {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      return { wrong: `the key of Secret ${name} is not its certificate's` };
  } catch (error) {
    return { wrong: `Secret ${name} cannot be read: ${error instanceof Error ? error.message : error}` };
  }
  return { pem: `${certificate.trimEnd()}\n${key.trimEnd()}\n` };
}

interface Certificates {
  readonly found: readonly PlannedCertificate[];
  readonly finding: Finding;
}

function certificatesOf(
  gateway: Gateway,
  { tls, protocol }: Listener,
  secrets: ReadonlyMap<string, Secret>,
): Certificates {
  if (protocol !== "HTTPS") return { found: [], finding: yes("ResolvedRefs") };
  const own = gateway.metadata.namespace ?? "";
  const refuse = (message: string): Certificates => ({
    found: [],
    finding: no("ResolvedRefs", "InvalidCertificateRef", message),
  });
  const found: PlannedCertificate[] = [];
  for (const { group = "", kind = "Secret", name, namespace = own } of tls?.certificateRefs ?? []) {
    if (group !== "" || kind !== "Secret") return refuse(`${kind} ${name} is no Secret`);
    if (namespace !== own) return refuse(`Secret ${namespace}/${name} is in another namespace than the Gateway`);
    const read = pemOf(secrets.get(`${own}/${name}`), name);
    if ("wrong" in read) return refuse(read.wrong);
    found.push({ file: `${own}_${name}.pem`, pem: read.pem });
  }
  return found.length === 0 ? refuse("no certificate is named") : { found, finding: yes("ResolvedRefs") };
}

function acceptance({ protocol, port, tls }: Listener, owner: string | undefined): Finding {
  if (kinds[protocol] === undefined)
    return no("Accepted", "UnsupportedProtocol", `${protocol} is none of HTTP, HTTPS and TCP`);
  if (owner !== undefined) return no("Accepted", "PortUnavailable", `port ${port} is the one of ${owner}`);
  if (protocol === "HTTPS" && (tls?.mode ?? "Terminate") !== "Terminate")
    return no("Accepted", "UnsupportedProtocol", `TLS mode ${tls?.mode} is not Terminate`);
  return yes("Accepted");
}

/** Every listener of the Gateways, the oldest Gateway's first, which gets the port when two ask for it. */
export function judgeListeners(gateways: readonly Gateway[], secrets: ReadonlyMap<string, Secret>): JudgedListener[] {
  const owners = new Map<number, string>();
  return gateways.flatMap((gateway) =>
    gateway.spec.listeners.map((listener): JudgedListener => {
      const { namespace, name } = gateway.metadata;
      const accepted = acceptance(listener, owners.get(listener.port));
      const { found, finding } = certificatesOf(gateway, listener, secrets);
      const isServed = accepted.status === "True" && finding.status === "True";
      if (accepted.status === "True") owners.set(listener.port, `${listener.name} of ${namespace}/${name}`);
      return {
        id: `${namespace}_${name}_${listener.name}`,
        gateway,
        listener,
        kind: isServed ? kinds[listener.protocol] : undefined,
        certificates: found,
        accepted,
        resolvedRefs: finding,
      };
    }),
  );
}

/** Whether a listener takes routes of a namespace. */
export function admits(
  { gateway, listener }: JudgedListener,
  route: KubeObject,
  namespaces: ReadonlyMap<string, KubeObject>,
): boolean {
  const { from = "Same", selector = {} } = listener.allowedRoutes?.namespaces ?? {};
  if (from === "All") return true;
  const { namespace = "" } = route.metadata;
  if (from === "Same") return namespace === gateway.metadata.namespace;
  const home = namespaces.get(namespace);
  return from === "Selector" && home !== undefined && selects(selector, home.metadata.labels);
}

/** Whether a listener takes this kind of route. */
export function takesKind({ listener }: JudgedListener, kind: string): boolean {
  const allowed = listener.allowedRoutes?.kinds;
  const isNamed = allowed === undefined || allowed.length === 0 || allowed.some((one) => one.kind === kind);
  return routeKindOf(listener.protocol) === kind && isNamed;
}
