import type { LinkState } from "./first-admin.ts";

/** What a person can open, where the platform has public names. */
export interface Entrance {
  /** URL of the hub, where there is one. */
  readonly hub?: string;
  /** File of the authority that signed the certificate. */
  readonly authorityFile?: string;
  readonly ssh?: { readonly host: string; readonly port: number; readonly fingerprint: string };
  readonly firstAdmin?: { readonly link: string; readonly state: LinkState };
}

export interface Greeting {
  readonly labName: string;
  readonly kubeconfig: string;
  readonly context: string;
  /** How kubectl is called. */
  readonly kubectl: string;
  readonly entrance?: Entrance;
}

const SSH_PORT = 22;

const line = (what: string, text: string): string => `  ${what.padEnd(9)} ${text}`;

function firstAdminLines({ link, state }: NonNullable<Entrance["firstAdmin"]>): string[] {
  if (state === "used") return [];
  if (state === "valid")
    return [line("begin", `${link} makes you the first administrator: once, so keep it to yourself`)];
  return [line("begin", `whether there is an administrator is unknown (${state.unknown}): \`make up\` asks again`)];
}

function entranceLines({ hub, authorityFile, ssh, firstAdmin }: Entrance): string[] {
  const port = ssh?.port === SSH_PORT ? "" : `-p ${ssh?.port} `;
  return [
    ...(hub === undefined ? [] : [line("open", hub)]),
    ...(firstAdmin === undefined ? [] : firstAdminLines(firstAdmin)),
    ...(authorityFile === undefined
      ? []
      : [line("trust", `${authorityFile} is the platform's authority: have your browser trust it`)]),
    ...(ssh === undefined ? [] : [line("ssh", `ssh ${port}USER@${ssh.host} (host key ${ssh.fingerprint})`)]),
  ];
}

/** What a person can do next. */
export function greetingText({ labName, kubeconfig, context, kubectl, entrance }: Greeting): string {
  const prefix = labName === "dev" ? "" : `LAB_NAME=${labName} `;
  return [
    "",
    "Carrel is up.",
    ...(entrance === undefined ? [] : entranceLines(entrance)),
    line("cluster", `${context}: export KUBECONFIG=${kubeconfig}`),
    line("try it", `${kubectl} apply -f examples/first-group/`),
    line("look", `${prefix}make status`),
    line("stop", `${prefix}make down`),
    "",
  ].join("\n");
}
