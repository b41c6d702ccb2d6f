import { isIPv4 } from "node:net";
import { parseArgs } from "node:util";
import { systemClock } from "../../services/lib/clock.ts";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { createLogger, reasonOf } from "../../services/lib/log.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { GatewayController } from "./controller.ts";
import { Haproxy } from "./haproxy.ts";
import { refs } from "./objects.ts";

const usage = "usage: node lab/gateway/main.ts --kubeconfig=FILE --address=IP --folder=FOLDER";

function settings(): { readonly kubeconfig: string; readonly address: string; readonly folder: string } {
  const { values } = parseArgs({
    options: { kubeconfig: { type: "string" }, address: { type: "string" }, folder: { type: "string" } },
  });
  const { kubeconfig, address, folder } = values;
  if (!kubeconfig || !address || !folder) throw new UserError("usage", usage);
  if (!isIPv4(address)) throw new UserError("usage", `"${address}" is no IPv4 address: ${usage}`);
  return { kubeconfig, address, folder };
}

/** Waits for the Gateway API: a watch of what does not exist yet would come back later and later. */
async function definitions(client: KubeClient, signal: AbortSignal): Promise<void> {
  const isThere = (): Promise<boolean> =>
    client.list(refs.tcpRoutes, undefined, { limit: 1, signal }).then(
      () => true,
      () => false,
    );
  while (!signal.aborted && !(await isThere())) await systemClock.sleep(200, signal);
}

const log = createLogger();
try {
  const { kubeconfig, address, folder } = settings();
  const client = new KubeClient(kubeConfigFromFile(kubeconfig), { userAgent: "carrel-lab-gateway" });
  const proxy = new Haproxy({ folder });
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  stop.signal.addEventListener("abort", () => client.close(), { once: true });
  const ended = proxy.ended.then((reason) => {
    if (stop.signal.aborted) return;
    // Both start anew together, so that what serves is what the cluster says now.
    log.error("proxy-ended", { reason });
    process.exitCode = 1;
    stop.abort();
  });
  await definitions(client, stop.signal);
  log.info("gateway-started");
  const load: Haproxy["load"] = (rendered) => proxy.load(rendered);
  await new GatewayController({ client, address, folder, load, log }).run(stop.signal);
  proxy.stop();
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
  log.info("gateway-stopped");
} catch (error) {
  log.error("gateway-failed", { reason: reasonOf(error) });
  process.exitCode = 1;
}
