import type { Address } from "./caller.ts";

/** What a process has used since it began. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** What a contestant gets to begin with. */
export interface Start {
  readonly kind: "floor" | "carrel";
  readonly cert: string;
  readonly key: string;
}

/** Tells the parent process what this one has used whenever it asks, and ends with it. */
export function answerUsage(): void {
  process.on("message", (message) => {
    if (message !== "usage") return;
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } satisfies Usage);
  });
  process.once("disconnect", () => process.exit(0));
}

/** Tells the parent process where this one listens. */
export function announce(port: number): void {
  process.send?.({ port } satisfies Pick<Address, "port">);
}
