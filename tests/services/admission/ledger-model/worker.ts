import { parentPort, workerData } from "node:worker_threads";
import { explore } from "./explore.ts";
import { type Broken, broken, sound } from "./variants.ts";

/** What one thread has to play. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly variant?: Broken;
  readonly most: number;
}

const { variant, ...share } = workerData as Share;
parentPort?.postMessage(await explore({ ...share, variant: variant ? broken[variant] : sound }));
