import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";

const VERSION = "1.1.4";
export const PEPR_PATH = "/mutate/bench";

/** Installs Pepr from the npm registry outside the checkout, once. @returns the folder */
export function installPepr(): string {
  const caches = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(caches, "carrel-bench", `pepr-${VERSION}`);
  if (existsSync(join(folder, "node_modules", "pepr", "package.json"))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}\n');
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  execFileSync("npm", ["install", ...options, `pepr@${VERSION}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}

/** The API server as far as Pepr wants one: a store that is there and never changes. */
async function storeApi(): Promise<Server> {
  const store = (name: string): object => ({
    apiVersion: "pepr.dev/v1",
    kind: "PeprStore",
    metadata: { name, namespace: "pepr-system", uid: name, resourceVersion: "1", labels: {} },
    data: {},
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const selector = url.searchParams.get("fieldSelector") ?? "";
    const name = selector.split("=")[1] ?? url.pathname.split("/").at(-1) ?? "";
    response.writeHead(200, { "content-type": "application/json" });
    if (url.searchParams.has("watch")) response.write(`${JSON.stringify({ type: "ADDED", object: store(name) })}\n`);
    else if (/\/peprstores$/.test(url.pathname)) {
      response.end(JSON.stringify({ kind: "PeprStoreList", metadata: { resourceVersion: "1" }, items: [store(name)] }));
    } else response.end(JSON.stringify(store(name)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function freePort(): Promise<number> {
  const server = createTcp().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function kubeconfig(port: number): string {
  const cluster = { name: "stub", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } };
  const context = { name: "stub", context: { cluster: "stub", user: "stub" } };
  const users = [{ name: "stub", user: {} }];
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [cluster],
    contexts: [context],
    users,
    "current-context": "stub",
  });
}

/** Pepr's own admission server with a module that does the same rewrite. @param scratch folder for certificate and kubeconfig */
export async function startPepr(home: string, pair: { cert: string; key: string }, scratch: string) {
  const api = await storeApi();
  const at = (name: string): string => join(scratch, name);
  writeFileSync(at("tls.crt"), pair.cert);
  writeFileSync(at("tls.key"), pair.key, { mode: 0o600 });
  writeFileSync(at("kubeconfig"), kubeconfig((api.address() as AddressInfo).port));
  const env = {
    ...process.env,
    NODE_ENV: "production",
    LOG_LEVEL: "info",
    PEPR_HOME: home,
    PEPR_PORT: String(await freePort()),
    PEPR_API_PATH: "bench",
    PEPR_WATCH_MODE: "false",
    SSL_CERT_PATH: at("tls.crt"),
    SSL_KEY_PATH: at("tls.key"),
    KUBECONFIG: at("kubeconfig"),
  };
  const child = Child.start("pepr-module.ts", 0, { env });
  const { port } = await child.next<{ port: number }>();
  return { child, api, port };
}
