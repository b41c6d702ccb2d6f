import { spawn } from "node:child_process";

/** Loads a ruleset into this process's network namespace, all of it or nothing. @throws Error with what nft said */
export function loadRuleset(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("nft", ["-f", "-"], { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`nft ended with ${code}: ${said.trim().slice(0, 2_000)}`));
    });
    // A program that refuses early closes its input; its exit code tells more than the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(text);
  });
}
