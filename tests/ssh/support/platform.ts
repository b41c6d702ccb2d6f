import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenSsh } from "./client.ts";
import { type HostKey, knownHosts, newKey, startGateway, type TestGateway } from "./gateway.ts";
import { endLeftBehind, startHub, type TestHub } from "./hub.ts";
import { ensureOpenSsh } from "./programs.ts";

/** A hub, a gateway before it, and clients: one for all specs of a process. */
export interface Platform {
  readonly folder: string;
  readonly hub: TestHub;
  readonly gateway: TestGateway;
  readonly hostKey: HostKey;
  /** OpenSSH with a token, for this gateway or another with the same host key. */
  readonly clientOf: (token: string, gateway?: TestGateway) => OpenSsh;
  /** A token of Ada that works, and a client with it. */
  readonly token: string;
  readonly ada: OpenSsh;
  /** Another gateway before the same hub; stopped at the end. */
  readonly another: (settings: Record<string, string>) => Promise<TestGateway>;
}

let running: Promise<Platform> | undefined;
const stops: (() => Promise<void> | void)[] = [];

const PREFIX = "carrel-ssh-";

/** Ends what runs were killed before they could. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    endLeftBehind(join(tmpdir(), name));
    rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function begin(): Promise<Platform> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  stops.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  await ensureOpenSsh();
  const hub = await startHub(folder);
  stops.push(hub.stop);
  const hostKey = newKey(folder);
  const another = async (settings: Record<string, string>): Promise<TestGateway> => {
    const started = await startGateway(hub.url, hostKey, settings);
    stops.push(started.stop);
    return started;
  };
  const gateway = await another({});
  const clientOf: Platform["clientOf"] = (token, { port } = gateway) =>
    new OpenSsh({ folder, port, knownHosts: knownHosts(folder, [port], hostKey) }, { token });
  const { token } = await hub.tokenOf("ada");
  return { folder, hub, gateway, hostKey, clientOf, token, ada: clientOf(token), another };
}

/** The first call installs what is missing, which takes a minute or two once. */
export function platform(): Promise<Platform> {
  running ??= begin();
  return running;
}

export const INSTALL_MS = 900_000;
/** A test for which notebook servers may have to start. */
export const TEST_MS = 300_000;
/** Each may take the time that it has before it is killed. */
const STOP_MS = 240_000;

after(async function () {
  this.timeout(STOP_MS);
  running = undefined;
  const failures: unknown[] = [];
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (error) {
      // What comes after it is not to be left running.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n"));
});
