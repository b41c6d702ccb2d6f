import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateOf } from "./certificate.ts";
import type { Scene } from "./scene.ts";

const PORT = 18444;

/** The least that a webhook can be, in a process in the lab's network: what it costs is the API server's own. */
export async function startFloor(
  scene: Scene,
): Promise<{ readonly ca: string; readonly url: (path: string) => string }> {
  const { netnsPath, nodeAddress } = scene.layout;
  const { cert, key } = await certificateOf(nodeAddress);
  const folder = mkdtempSync(join(tmpdir(), "carrel-bench-"));
  for (const [name, content] of Object.entries({ "tls.crt": cert, "tls.key": key })) {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  }
  const program = [process.execPath, join(import.meta.dirname, "floor-main.ts")];
  const child = spawn("nsenter", [`--net=${netnsPath}`, ...program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], TLS_DIR: folder, PORT: String(PORT), NODE_ENV: "production" },
  });
  scene.defer(async () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  await once(child.stdout, "data");
  return { ca: cert, url: (path) => `https://${nodeAddress}:${PORT}${path}` };
}
