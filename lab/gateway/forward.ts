import { parseArgs } from "node:util";
import { createLogger, reasonOf } from "../../services/lib/log.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { forward } from "./forwarder.ts";

const usage = "usage: node lab/gateway/forward.ts --to=IP --ports=PORT,...";

const log = createLogger();
try {
  const { values } = parseArgs({ options: { to: { type: "string" }, ports: { type: "string" } } });
  const { to, ports } = values;
  if (!to || !ports) throw new UserError("usage", usage);
  for (const port of ports.split(",").map(Number)) {
    await forward({ listen: "127.0.0.1", port, to });
    // Browsers try it first for names below .localhost; a machine without IPv6 has only the other.
    await forward({ listen: "::1", port, to }).catch((error: unknown) =>
      log.warn("not-forwarded", { listen: "::1", port, reason: reasonOf(error) }),
    );
    log.info("forwarded", { port, to });
  }
} catch (error) {
  log.error("forward-failed", { reason: reasonOf(error) });
  process.exitCode = 1;
  // What listens already would keep this process, and the rest unserved.
  setImmediate(() => process.exit());
}
