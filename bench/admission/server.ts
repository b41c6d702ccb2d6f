import { once } from "node:events";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { imageMirrorWebhook } from "../../services/admission/image-mirror-webhook.ts";
import { AdmissionMetrics } from "../../services/admission/metrics.ts";
import { podDefaultsImageMirrorWebhook } from "../../services/admission/pod-defaults-image-mirror-webhook.ts";
import { podDefaultsWebhook } from "../../services/admission/pod-defaults-webhook.ts";
import { webhookServer } from "../../services/admission/server.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { compileMirror } from "../../services/lib/image-mirror/rewrite.ts";
import { batched, createLogger } from "../../services/lib/log.ts";
import { defaultSettings } from "../../services/lib/pod-defaults/apply.ts";
import { normalisePodDefault } from "../../services/lib/pod-defaults/normalise.ts";
import { podDefaults, rules } from "./corpus.ts";
import { floorServer } from "./floor.ts";
import { announce, answerUsage, type Start } from "./meter.ts";

const rewrite = compileMirror({ rules, exempt: [], onMissing: "keep" });

/** Our own server as it is deployed, with its log on the standard output, and without the API server behind it. */
function carrelServer(pair: { readonly cert: string; readonly key: string }): Server {
  const usable = podDefaults.flatMap((manifest) => {
    const normalised = normalisePodDefault(manifest);
    return normalised.ok ? [normalised.podDefault] : [];
  });
  const defaults = podDefaultsWebhook({ podDefaultsIn: () => usable, settings: defaultSettings });
  const webhooks = {
    "/image-mirror": imageMirrorWebhook(rewrite),
    "/pod-defaults": defaults,
    "/pod-defaults-image-mirror": podDefaultsImageMirrorWebhook({ podDefaults: defaults, rewrite }),
  };
  const log = createLogger({ write: batched((text) => process.stdout.write(text)) });
  return webhookServer({ webhooks, metrics: new AdmissionMetrics(), clock: systemClock, log }, pair);
}

answerUsage();
const [start] = (await once(process, "message")) as [Start];
const server = start.kind === "floor" ? floorServer(start) : carrelServer(start);
server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));
