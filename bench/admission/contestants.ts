import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnvironment, nodeFlags } from "../../images/node-runtime.ts";
import type { Reply } from "./caller.ts";
import { Child } from "./child.ts";
import { type Case, corpus } from "./corpus.ts";
import { outcomeOf } from "./equivalence.ts";
import { selfSignedPair } from "./key-pair.ts";
import type { Order, Report } from "./load.ts";
import { installPepr, PEPR_PATH, startPepr } from "./pepr.ts";

const [SERVER_CORE, LOAD_CORE] = [0, 1];
const CONNECTIONS = 25;

export type ServerName = "floor" | "carrel" | "pepr";

/** One thing that is measured. */
export interface Target {
  readonly name: string;
  readonly server: ServerName;
  readonly path: string;
}

/** PodDefaults and the mirror in one call, as a namespace with both has them called. */
const PIPELINE_PATH = "/pod-defaults-image-mirror";

export const floorTarget: Target = { name: "floor", server: "floor", path: "/" };
export const peprTarget: Target = { name: "pepr", server: "pepr", path: PEPR_PATH };
export const targets: readonly Target[] = [
  floorTarget,
  { name: "by-hand", server: "floor", path: PIPELINE_PATH },
  { name: "pipeline", server: "carrel", path: PIPELINE_PATH },
  { name: "image-mirror", server: "carrel", path: "/image-mirror" },
  { name: "pod-defaults", server: "carrel", path: "/pod-defaults" },
];

/** The servers on one core, and on another one what calls them. */
export class Contestants {
  readonly #servers = new Map<ServerName, Child>();
  readonly #load = Child.start("load.ts", LOAD_CORE);
  readonly #scratch = mkdtempSync(join(tmpdir(), "carrel-bench-"));
  readonly #ends: (() => void)[] = [];

  /** @param withPepr installs Pepr, where it is not there */
  static async start(withPepr: boolean): Promise<Contestants> {
    const all = new Contestants();
    const pair = await selfSignedPair();
    for (const kind of ["floor", "carrel"] as const) {
      const child = Child.start(
        "server.ts",
        SERVER_CORE,
        kind === "carrel" ? { execArgv: [...nodeFlags], env: { ...process.env, ...nodeEnvironment } } : {},
      );
      const { port } = await child.ask<{ port: number }>({ kind, ...pair });
      await all.#join(kind, child, port, pair.cert);
    }
    if (withPepr) {
      const { child, api, port } = await startPepr(installPepr(), pair, all.#scratch);
      all.#ends.push(() => {
        api.closeAllConnections();
        api.close();
      });
      await all.#join("pepr", child, port, pair.cert);
      await all.#untilReady();
    }
    return all;
  }

  async #join(name: ServerName, child: Child, port: number, ca: string): Promise<void> {
    this.#servers.set(name, child);
    await this.order({ kind: "connect", to: name, address: { port, ca }, connections: CONNECTIONS });
  }

  /** Pepr opens its endpoint once it has read its store, after a random wait. */
  async #untilReady(): Promise<void> {
    const first = corpus(1)[0];
    for (const end = Date.now() + 20_000; Date.now() < end && first; ) {
      const reply = await this.call("pepr", PEPR_PATH, first.body);
      if (reply.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("Pepr did not answer with 200 within 20 s");
  }

  async order(order: Order): Promise<Report> {
    const report = await this.#load.ask<Report>(order);
    if (report.error !== undefined) throw new Error(`${order.kind} ${order.to}: ${report.error}`);
    return report;
  }

  async call(to: ServerName, path: string, body: Buffer): Promise<Reply> {
    const { replies } = await this.order({ kind: "each", to, path, bodies: [body.toString("base64")] });
    const [reply] = replies ?? [];
    if (!reply) throw new Error(`${to} gave no answer`);
    return reply;
  }

  usage(server: ServerName) {
    const child = this.#servers.get(server);
    if (!child) throw new Error(`${server} was not started`);
    return child.usage();
  }

  has(server: ServerName): boolean {
    return this.#servers.has(server);
  }

  /** Proves that all do the same work. @returns what differs, one line a case */
  async differences(cases: readonly Case[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const each of cases) {
      const two = each.isCreation ? ["/pod-defaults", "/image-mirror"] : ["/image-mirror"];
      const ways: readonly (readonly [string, ServerName, readonly string[]])[] = [
        ["two webhooks", "carrel", two],
        ["one webhook", "carrel", [PIPELINE_PATH]],
        ["by hand", "floor", each.isCreation ? [PIPELINE_PATH] : two],
        ["pepr", "pepr", [PEPR_PATH]],
      ];
      const outcomes: string[] = [];
      for (const [name, server, paths] of ways.filter(([, server]) => this.has(server))) {
        const outcome = await outcomeOf(each, paths, (path, body) => this.call(server, path, body));
        if (outcome !== (outcomes[0] ?? outcome))
          found.push(`${each.name}: ${name} gives another pod than two webhooks`);
        outcomes.push(outcome);
      }
    }
    return found;
  }

  stop(): void {
    for (const child of this.#servers.values()) child.stop();
    this.#load.stop();
    for (const end of this.#ends) end();
    rmSync(this.#scratch, { recursive: true });
  }
}
