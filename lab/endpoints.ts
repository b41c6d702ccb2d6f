import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../services/lib/user-error.ts";

export type LabVariant = "built" | "kind" | "kubeconfig";

/** Where a running lab is reached; written when it is healthy, removed before it changes. */
export interface LabEndpoints {
  readonly name: string;
  readonly variant: LabVariant;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly context: string;
  readonly server: string;
  readonly registry: { readonly host: string; readonly plainHttp: boolean };
  /** The Node base image of the lab, by digest. */
  readonly nodeBase: string;
  /** Where the API server's calls to webhooks come from. */
  readonly controlPlaneCidrs: readonly string[];
  /** How the lab's own gateway is reached; absent on a cluster that was given, and on kind. */
  readonly exposure?: {
    /** On the machine's loopback, and inside on the gateway's address, as the two below. */
    readonly publicPort: number;
    readonly sshPort: number;
    readonly httpPort: number;
    readonly gatewayClass: string;
    /** Where the gateway's requests to pods come from. */
    readonly gatewayCidrs: readonly string[];
  };
  /** Images of the lab in place of third-party ones, by their names in images/catalogue.ts. */
  readonly standIns?: Readonly<Record<string, string>>;
}

function xdg(variable: string, fallback: string): string {
  return process.env[variable] || join(homedir(), fallback);
}

/** Folder of everything that labs keep while they run. */
export function stateRoot(): string {
  return process.env["CARREL_STATE_DIR"] || join(xdg("XDG_STATE_HOME", ".local/state"), "carrel");
}

/** Folder of what is slow to build; it outlives every lab. */
export function cacheRoot(): string {
  return process.env["CARREL_CACHE_DIR"] || join(xdg("XDG_CACHE_HOME", ".cache"), "carrel");
}

/** @throws UserError for a name that cannot be part of file, interface and stack names */
export function labStateDir(name: string): string {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name)) {
    throw new UserError(
      "lab-name",
      `LAB_NAME must be 1 to 20 lower-case letters, digits and dashes, beginning with a letter, got "${name}"`,
    );
  }
  return join(stateRoot(), "labs", name);
}

export function endpointsFile(name: string): string {
  return join(labStateDir(name), "endpoints.json");
}

/** @throws UserError when no lab of this name runs */
export function readLab(name: string): LabEndpoints {
  const lab = findLab(name);
  if (lab) return lab;
  const prefix = name === "dev" ? "" : `LAB_NAME=${name} `;
  throw new UserError("lab-down", `lab "${name}" is not running: start it with \`${prefix}make up\``);
}

export function findLab(name: string): LabEndpoints | undefined {
  try {
    return JSON.parse(readFileSync(endpointsFile(name), "utf8")) as LabEndpoints;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
