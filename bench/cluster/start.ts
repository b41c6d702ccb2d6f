import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleService } from "../../images/bundle.ts";
import { buildLayer } from "../../images/oci/layer.ts";
import { spread } from "../admission/statistics.ts";
import { benchPod } from "./objects.ts";
import { keep, type Sample, sampleOf } from "./rounds.ts";
import { Scene } from "./scene.ts";
import { Service } from "./service.ts";

const root = join(import.meta.dirname, "..", "..");
const { values } = parseArgs({
  options: { pods: { type: "string", default: "5000" }, starts: { type: "string", default: "15" } },
});

/** What the service's image has beyond its base, as it is pushed. */
async function layerKib(): Promise<number> {
  const { code } = await bundleService("services/admission/main.ts", root);
  return (await buildLayer({ files: [{ path: "/app/main.mjs", content: code }] })).bytes.length / 1024;
}

await Scene.use(async (scene) => {
  const kib = await layerKib();
  const service = await Service.prepare(scene);
  const samples: Sample[] = [sampleOf("image", "layer beyond the base", 1, { kib })];
  for (const pods of [0, Number(values.pods)]) {
    const namespace = await scene.namespace(`listed-${pods}`);
    await scene.fill(namespace, benchPod(scene.name("nobody"), "ada"), pods);
    // The first one reads the bundle and Node from the disk.
    await service.start();
    for (let i = 1; i <= Number(values.starts); i++) {
      const readyMs = await service.start();
      const { cpuMs, rssMiB, peakMiB } = service.usage();
      samples.push(sampleOf("start", `${pods} pods`, i, { readyMs, cpuMs, rssMiB, peakMiB }));
    }
    const own = samples.filter(({ contestant }) => contestant === `${pods} pods`).map(({ figures }) => figures);
    const of = (name: string): string =>
      spread(
        own.map((figures) => figures[name] ?? Number.NaN),
        0,
      );
    console.log(
      `exec to ready, ${pods} pods of 10 KiB: ${of("readyMs")} ms, of processor time ${of("cpuMs")} ms; at most ${of("peakMiB")} MiB`,
    );
  }
  console.log(`image: ${kib.toFixed(0)} KiB beyond the base, as it is pushed`);
  keep("start", samples);
});
