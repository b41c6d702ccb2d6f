import type { AmountsView } from "../amounts.ts";
import { builder } from "./builder.ts";

export const Amounts = builder.objectRef<AmountsView>("Amounts").implement({
  description: "Exact amounts as whole numbers in text; null is unlimited",
  fields: (t) => ({
    cpuMilli: t.exposeString("cpuMilli", { nullable: true, description: "Thousandths of a CPU" }),
    memoryBytes: t.exposeString("memoryBytes", { nullable: true }),
    gpuMilli: t.exposeString("gpuMilli", { nullable: true, description: "Thousandths of a GPU" }),
    ephemeralStorageBytes: t.exposeString("ephemeralStorageBytes", { nullable: true }),
    pods: t.exposeString("pods", { nullable: true }),
  }),
});
