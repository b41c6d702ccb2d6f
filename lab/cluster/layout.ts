import { join } from "node:path";
import { labStateDir } from "../endpoints.ts";

/** Every name and address of one built lab, derived from its name and index. */
export interface LabLayout {
  readonly name: string;
  readonly index: number;
  readonly stateDir: string;
  readonly logDir: string;
  readonly netns: string;
  readonly netnsPath: string;
  readonly hostInterface: string;
  readonly labInterface: string;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  /** Where the lab's gateway listens, and where its requests to pods come from. */
  readonly gatewayAddress: string;
  /** Of HTTPS, on the gateway's address and on the machine's loopback. */
  readonly publicPort: number;
  readonly httpPort: number;
  readonly sshPort: number;
  readonly nodeCidr: string;
  readonly loadBalancerCidr: string;
  readonly podCidr: string;
  readonly podGateway: string;
  readonly serviceCidr: string;
  readonly apiServiceAddress: string;
  readonly dnsAddress: string;
  readonly apiServer: string;
  readonly registry: string;
  readonly nodeName: string;
  readonly cgroup: string;
}

/** At most this many built labs at once; each has subnets of its own. */
export const MAX_LABS = 8;

export function labLayout(name: string, index: number, stateDir: string = labStateDir(name)): LabLayout {
  const node = `10.189.${index}`;
  return {
    name,
    index,
    stateDir,
    logDir: join(stateDir, "logs"),
    netns: `carrel-${name}`,
    netnsPath: `/run/netns/carrel-${name}`,
    // Interface names are limited to 15 characters, so they carry the index.
    hostInterface: `carrel${index}h`,
    labInterface: `carrel${index}n`,
    hostAddress: `${node}.1`,
    nodeAddress: `${node}.2`,
    gatewayAddress: `${node}.3`,
    publicPort: 8443 + index,
    httpPort: 8080 + index,
    sshPort: 2222 + index,
    nodeCidr: `${node}.0/24`,
    loadBalancerCidr: `${node}.128/25`,
    podCidr: `10.${200 + index}.0.0/16`,
    podGateway: `10.${200 + index}.0.1`,
    serviceCidr: `10.${220 + index}.0.0/16`,
    apiServiceAddress: `10.${220 + index}.0.1`,
    dnsAddress: `10.${220 + index}.0.10`,
    apiServer: `https://${node}.2:6443`,
    registry: `${node}.2:5000`,
    nodeName: `carrel-${name}`,
    cgroup: `carrel-${name}`,
  };
}
