import { createHash } from "node:crypto";
import type { Action, Backend, Plan, PlannedListener, PlannedRule, Redirect } from "./plan.ts";

export interface RenderOptions {
  /** Folder of certificates, lists and sockets. */
  readonly folder: string;
}

export interface Rendered {
  /** The whole configuration. */
  readonly config: string;
  /** Further files by name: certificates and lists of them. */
  readonly files: ReadonlyMap<string, string>;
  /** Changes with everything above; the proxy answers it once this configuration serves. */
  readonly revision: string;
}

/** A word of the configuration that nothing in it can end. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const globals = (folder: string): string => `global
  user haproxy
  group haproxy
  maxconn 4000
  nbthread 2
  log stdout format raw local0 notice
  stats socket ${folder}/admin.sock mode 600 level admin expose-fd listeners
  ssl-default-bind-options ssl-min-ver TLSv1.2
  # Old processes serve what was open, as websockets, until it ends by itself.
  hard-stop-after 12h
  mworker-max-reloads 50

defaults
  mode http
  timeout connect 5s
  timeout client 10m
  timeout server 10m
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout tunnel 24h
  # A connection that the client has kept open is closed by an answer, never under a request.
  option idle-close-on-response
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response

`;

/** Nobody but this machine's root asks here which configuration serves. */
const revisionFrontend = (folder: string, revision: string): string => `frontend revision
  bind unix@${folder}/revision.sock mode 600
  http-request return status 200 content-type text/plain string ${revision}

backend no-route
  http-request return status 404 content-type text/plain string 'nothing is served under this name and path'

`;

function hostCondition(host: string | undefined): string {
  if (host === undefined) return "";
  return host.startsWith("*.")
    ? ` { var(txn.host) -m end ${quoted(host.slice(1))} }`
    : ` { var(txn.host) -m str ${quoted(host)} }`;
}

/** A prefix is of whole path elements: `/hub` has `/hub` and `/hub/x`, and not `/hubx`. */
function pathConditions({ path: { type, value } }: PlannedRule): string[] {
  if (type === "Exact") return [` { path -m str ${quoted(value)} }`];
  const prefix = value.replace(/\/+$/, "");
  if (prefix === "") return [""];
  return [` { path -m str ${quoted(prefix)} }`, ` { path -m beg ${quoted(`${prefix}/`)} }`];
}

function useLines(rule: PlannedRule, backend: string): string[] {
  const host = hostCondition(rule.host);
  return pathConditions(rule).map((path) => {
    const conditions = `${host}${path}`;
    return `  use_backend ${backend}${conditions === "" ? "" : ` if${conditions}`}`;
  });
}

function redirectBody({ code, scheme, host, port }: Redirect, listener: PlannedListener): string {
  const authority = `${host ?? "%[var(txn.host)]"}${port === undefined ? "" : `:${port}`}`;
  return `  http-request redirect code ${code} location ${scheme ?? listener.kind}://${authority}%[pathq]\n`;
}

function servers({ endpoints }: Backend, address: string): string {
  const lines = endpoints.map(({ address: to, port }) => `  server ${to}:${port} ${to}:${port} source ${address}\n`);
  return lines.join("");
}

function actionBody(action: Action, listener: PlannedListener, address: string): string {
  if ("redirect" in action) return redirectBody(action.redirect, listener);
  if ("status" in action) return `  http-request return status ${action.status}\n`;
  // Whoever sent a body may have had it acted upon before the connection broke.
  const retry = "  http-request disable-l7-retry unless { method GET HEAD OPTIONS }\n";
  return `  balance leastconn\n${retry}${servers(action.backend, address)}`;
}

/** What a server behind may believe about the client, whatever the client said about itself. */
const forwarded = (listener: PlannedListener): string => `  http-request del-header Forwarded
  http-request del-header X-Real-IP
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto ${listener.kind}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port ${listener.port}
`;

/**
 * A path with `..` in it would be judged by one rule here and served by another behind: no browser sends one. Servers of
 * Java end an element at a semicolon, too.
 */
const dotSegments =
  "  http-request deny deny_status 400 if { path -m reg -i '(^|/|\\\\|%2f|%5c)(\\.|%2e)(\\.|%2e)?(;|/|\\\\|%2f|%5c|%3b|$)' }\n";

function httpListener(listener: PlannedListener, plan: Plan, { folder }: RenderOptions): string {
  const tls = listener.kind === "https" ? ` ssl crt-list ${folder}/${listener.id}.list alpn h2,http/1.1` : "";
  const backends = listener.rules.map((rule, i) => ({ rule, name: `${listener.id}-${i}` }));
  const uses = backends.flatMap(({ rule, name }) => useLines(rule, name));
  const head = `frontend ${listener.id}
  bind ${plan.address}:${listener.port}${tls}
  http-request set-var(txn.host) req.hdr(host),field(1,:),lower
${dotSegments}${forwarded(listener)}`;
  const bodies = backends.map(
    ({ rule, name }) => `backend ${name}\n${actionBody(rule.action, listener, plan.address)}\n`,
  );
  return `${head}${uses.map((line) => `${line}\n`).join("")}  default_backend no-route\n\n${bodies.join("")}`;
}

function tcpListener({ id, port, backend }: PlannedListener, { address }: Plan): string {
  if (backend === undefined) return "";
  return `frontend ${id}
  mode tcp
  bind ${address}:${port}
  timeout client 24h
  option clitcpka
  default_backend ${id}-0

backend ${id}-0
  mode tcp
  timeout server 24h
  option srvtcpka
${servers(backend, address)}
`;
}

/** The proxy's configuration for a plan. */
export function render(plan: Plan, options: RenderOptions): Rendered {
  const { folder } = options;
  const files = new Map<string, string>();
  for (const { id, certificates } of plan.listeners) {
    for (const { file, pem } of certificates) files.set(file, pem);
    const list = certificates.map(({ file }) => `${folder}/${file}\n`);
    if (list.length > 0) files.set(`${id}.list`, list.join(""));
  }
  const parts = plan.listeners.map((listener) =>
    listener.kind === "tcp" ? tcpListener(listener, plan) : httpListener(listener, plan, options),
  );
  const body = parts.join("");
  const hash = createHash("sha256").update(body);
  for (const [name, content] of files) hash.update(`\0${name}\0${content}`);
  const revision = hash.digest("hex").slice(0, 16);
  return { config: `${globals(folder)}${revisionFrontend(folder, revision)}${body}`, files, revision };
}
