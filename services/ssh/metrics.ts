import { Counter, Gauge, renderMetrics } from "../lib/metrics.ts";

/** What is counted; names of users are in the log alone. */
export class GatewayMetrics {
  readonly logins = new Counter("carrel_ssh_logins_total", "Attempts to log in, by method and result.");
  readonly channels = new Counter(
    "carrel_ssh_channels_total",
    "Sessions and forwarded connections that ended, by kind.",
  );
  readonly refused = new Counter(
    "carrel_ssh_connections_refused_total",
    "Connections that were ended before SSH began.",
  );
  readonly #connections: Gauge;

  /** @param connections how many are open, by state */
  constructor(connections: () => Iterable<readonly [Readonly<Record<string, string>>, number]>) {
    this.#connections = new Gauge("carrel_ssh_connections", "Open connections, by state.", connections);
  }

  render(): string {
    return renderMetrics([this.#connections, this.logins, this.channels, this.refused]);
  }
}
