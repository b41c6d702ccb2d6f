import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { systemClock } from "../lib/clock.ts";
import { healthServer } from "../lib/health-server.ts";
import { createLogger, type Logger, reasonOf } from "../lib/log.ts";
import { Gateway } from "./gateway/gateway.ts";
import { HubClient } from "./hub/hub-client.ts";
import { Authenticator } from "./login/authenticator.ts";
import { KeyService } from "./login/key-directory.ts";
import { readSettings, type Settings } from "./settings.ts";

/** What was told of the end reaches its readers. */
const FAREWELL_MS = 500;
const clock = systemClock;

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject).listen({ port }, resolve);
  });

function assemble(settings: Settings, log: Logger): Gateway {
  const { hubUrl, keys, graceSeconds, startSeconds } = settings;
  const hub = new HubClient(hubUrl, { clock, startMs: startSeconds * 1000 });
  const directory = keys && new KeyService(keys.url, readFileSync(keys.secretFile, "utf8").trim());
  return new Gateway({
    ...settings,
    hostKey: readFileSync(settings.hostKeyFile, "utf8"),
    hub,
    authenticator: new Authenticator({ hub, clock, ...(directory ? { keys: directory } : {}) }),
    clock,
    log,
    keys: directory !== undefined,
    graceMs: graceSeconds * 1000,
  });
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLogger({ level: settings.logLevel });
  const gateway = assemble(settings, log);
  let isDraining = false;
  const health = healthServer({
    metrics: () => gateway.metrics.render(),
    notReady: () => (isDraining ? "draining" : undefined),
  });
  await Promise.all([gateway.listen(settings.port), listen(health, settings.metricsPort)]);
  log.info("started", { port: gateway.port, metricsPort: settings.metricsPort });
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  isDraining = true;
  log.info("draining", { connections: gateway.connections });
  const left = new AbortController();
  const empty = gateway.drain().then(() => left.abort());
  await clock.sleep(settings.drainSeconds * 1000, left.signal);
  gateway.close("the gateway restarts: connect again");
  await Promise.race([empty, clock.sleep(FAREWELL_MS)]);
  log.info("stopped");
  process.exit();
}

main().catch((error: unknown) => {
  createLogger().error("failed", { reason: reasonOf(error) });
  process.exitCode = 1;
});
