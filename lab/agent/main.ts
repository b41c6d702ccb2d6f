import { isIPv4 } from "node:net";
import { isAbsolute } from "node:path";
import { parseArgs } from "node:util";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { createLogger, reasonOf } from "../../services/lib/log.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { AddressPool } from "./address-pool.ts";
import { Enforcer } from "./enforcer.ts";
import { LoadBalancer } from "./load-balancer.ts";
import { loadRuleset } from "./nft.ts";
import { Provisioner } from "./provisioner.ts";

const usage =
  "usage: node lab/agent/main.ts --kubeconfig=FILE --load-balancer-cidr=CIDR --node=NAME --node-addresses=IP,... --volumes=FOLDER [--client-addresses=IP,...]";

interface Settings {
  readonly kubeconfig: string;
  readonly pool: AddressPool;
  readonly nodeAddresses: readonly string[];
  readonly clientAddresses: readonly string[];
  readonly node: string;
  /** Folder of the node's volumes. */
  readonly volumes: string;
}

/** @throws UserError for anything but IPv4 addresses */
function addressList(text: string): string[] {
  const addresses = [...new Set(text.split(",").filter(Boolean))];
  const wrong = addresses.find((address) => !isIPv4(address));
  if (wrong !== undefined) throw new UserError("usage", `"${wrong}" is no IPv4 address: ${usage}`);
  return addresses;
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: "string" },
      "load-balancer-cidr": { type: "string" },
      "node-addresses": { type: "string" },
      "client-addresses": { type: "string", default: "" },
      node: { type: "string" },
      volumes: { type: "string" },
    },
  });
  const { kubeconfig, "load-balancer-cidr": cidr, "node-addresses": addresses, node, volumes } = values;
  if (!kubeconfig || !cidr || !addresses || !node || !volumes) throw new UserError("usage", usage);
  if (!isAbsolute(volumes)) throw new UserError("usage", `--volumes=${volumes} is not an absolute path: ${usage}`);
  return {
    kubeconfig,
    pool: new AddressPool(cidr),
    nodeAddresses: addressList(addresses),
    clientAddresses: addressList(values["client-addresses"]),
    node,
    volumes,
  };
}

const log = createLogger();
try {
  const { kubeconfig, pool, nodeAddresses, clientAddresses, node, volumes } = settings();
  const client = new KubeClient(kubeConfigFromFile(kubeconfig), { userAgent: "carrel-lab-agent" });
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  // A list under way has no signal; without its connection it ends at once.
  stop.signal.addEventListener("abort", () => client.close(), { once: true });
  log.info("agent-started");
  await Promise.all([
    new Enforcer({ client, nodeAddresses, clientAddresses, load: loadRuleset, log }).run(stop.signal),
    new LoadBalancer({ client, pool, log }).run(stop.signal),
    new Provisioner({ client, node, folder: volumes, log }).run(stop.signal),
  ]);
  client.close();
  log.info("agent-stopped");
} catch (error) {
  log.error("agent-failed", { reason: reasonOf(error) });
  process.exitCode = 1;
}
