import { createRequire } from "node:module";
import { type PlainPod, type PlainRequest, rewrite } from "./by-hand.ts";
import { announce, answerUsage } from "./meter.ts";

/** As much of Pepr as a module uses. */
interface Request {
  readonly Raw: PlainPod;
  readonly Request: PlainRequest;
}
interface Action {
  Mutate(act: (request: Request) => void): void;
}
interface Pepr {
  readonly Capability: new (
    config: object,
  ) => {
    readonly When: (kind: unknown) => { IsCreatedOrUpdated(): Action };
  };
  readonly PeprModule: new (
    config: object,
    capabilities: readonly object[],
    options: object,
  ) => { start(port: number): void };
  readonly a: { readonly Pod: unknown };
}

const { Capability, PeprModule, a } = createRequire(`${process.env["PEPR_HOME"]}/`)("pepr") as Pepr;

/** A module as Pepr's own template writes one: one capability, one action for pods that does both rewrites. */
const capability = new Capability({ name: "bench", description: "mirror and defaults", namespaces: [] });
capability
  .When(a.Pod)
  .IsCreatedOrUpdated()
  .Mutate((request) => rewrite(request.Request, request.Raw));

const pepr = {
  uuid: "bench",
  onError: "reject",
  webhookTimeout: 10,
  customLabels: {},
  alwaysIgnore: { namespaces: [] },
  includedFiles: [],
};
const port = Number(process.env["PEPR_PORT"]);
answerUsage();
new PeprModule({ description: "bench", pepr }, [capability], { deferStart: true }).start(port);
announce(port);
