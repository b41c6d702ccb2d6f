import type { Sources } from "./derive.ts";
import { type KeyPath, keys } from "./schema.ts";
import type { Settings } from "./settings.ts";

const HTTPS_PORT = 443;

/** First label below `host` of each public name; the hub has `host` itself. */
const labels = {
  hub: "",
  identity: "id",
  api: "api",
  console: "console",
  grafana: "grafana",
  dashboard: "dashboard",
} as const;

type PublicName = keyof typeof labels;

/** Every public name, and its URL without a slash at the end. */
export function publicNames(host: string, port: number): Settings["names"] {
  const nameOf = (label: string): { host: string; url: string } => {
    const name = label === "" ? host : `${label}.${host}`;
    return { host: name, url: `https://${name}${port === HTTPS_PORT ? "" : `:${port}`}` };
  };
  const entries = Object.entries(labels).map(([name, label]) => [name, nameOf(label)]);
  return Object.fromEntries(entries) as Record<PublicName, { host: string; url: string }>;
}

const tlsKeys = ["exposure.certificate", "exposure.tlsSecret", "exposure.issuer"] as const;

/** A certificate comes from one place, and from a file only with its key. */
function checkTls({ given, problems }: Sources): void {
  const [first, second] = tlsKeys.filter((key) => given[key] !== undefined);
  if (first !== undefined && second !== undefined)
    problems.add(second, `must not be set beside carrel:${first}`, "unset one of the two");
  const pair = ["exposure.certificate", "exposure.privateKey"] as const;
  const [lonely, ...rest] = pair.filter((key) => given[key] !== undefined);
  const missing = pair.find((key) => key !== lonely);
  if (lonely === undefined || rest.length > 0 || missing === undefined || problems.blames(missing)) return;
  problems.add(lonely, `must not be set without carrel:${missing}`, "set both or none");
}

/** Listeners of one gateway that ask for the same port get nothing. */
function checkPorts(settings: Pick<Settings, "port" | "ssh">, httpPort: number, { problems }: Sources): void {
  const ports: readonly (readonly [KeyPath, number])[] = [
    ["port", settings.port],
    ["ssh.port", settings.ssh.port],
    ["exposure.httpPort", httpPort],
  ];
  for (const [i, [path, port]] of ports.entries()) {
    const earlier = ports.slice(0, i).find(([, other]) => other === port);
    if (earlier === undefined) continue;
    const wrong = `must not be the port of carrel:${earlier[0]}`;
    problems.addValue(path, port, { wrong, generalFix: "give each its own port" });
  }
}

function checkOtherHosts(names: Settings["names"], { given, problems }: Sources): void {
  const own = Object.values(names).map(({ host }) => host);
  for (const [i, host] of (given["exposure.otherHosts"] ?? []).entries()) {
    if (!own.includes(host)) continue;
    const wrong = "must not be one of the platform's own names";
    problems.addValue(`exposure.otherHosts[${i}]`, host, { wrong, generalFix: "leave it out" });
  }
}

function tlsOf({ given }: Sources): Settings["exposure"]["tls"] {
  const { "exposure.certificate": certificate, "exposure.privateKey": privateKey } = given;
  if (certificate !== undefined && privateKey !== undefined) return { from: "files", certificate, privateKey };
  if (given["exposure.tlsSecret"] !== undefined) return { from: "secret", name: given["exposure.tlsSecret"] };
  const [kind, name] = (given["exposure.issuer"] ?? "").split("/");
  if (name !== undefined && (kind === "ClusterIssuer" || kind === "Issuer")) return { from: "issuer", kind, name };
  return { from: "authority" };
}

/** How the platform is reached: ports, names, and what serves them. */
export function exposure(
  sources: Sources,
  host: string,
  gatewayNamespace: string,
): Pick<Settings, "port" | "names" | "ssh" | "exposure"> {
  const { given } = sources;
  const lab = sources.lab?.exposure;
  const port = given.port ?? lab?.publicPort ?? HTTPS_PORT;
  const ssh = { port: given["ssh.port"] ?? lab?.sshPort ?? 22 };
  const httpPort = given["exposure.httpPort"] ?? lab?.httpPort ?? 80;
  const names = publicNames(host, port);
  checkTls(sources);
  checkPorts({ port, ssh }, httpPort, sources);
  checkOtherHosts(names, sources);
  return {
    port,
    names,
    ssh,
    exposure: {
      httpPort,
      gatewayClass: given["exposure.gatewayClass"] ?? lab?.gatewayClass,
      clients: {
        namespace: given["exposure.gatewayNamespace"] ?? gatewayNamespace,
        cidrs: [...(given["exposure.gatewayCidrs"] ?? lab?.gatewayCidrs ?? [])],
      },
      tls: tlsOf(sources),
      otherHosts: [...(given["exposure.otherHosts"] ?? keys["exposure.otherHosts"].default)],
      metallbAddresses: [...(given["exposure.metallbAddresses"] ?? keys["exposure.metallbAddresses"].default)],
    },
  };
}
