import { once } from "node:events";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { imageMirrorWebhook } from "../../services/admission/image-mirror-webhook.ts";
import { AdmissionMetrics } from "../../services/admission/metrics.ts";
import { isMutation } from "../../services/admission/mutation.ts";
import { podDefaultsWebhook } from "../../services/admission/pod-defaults-webhook.ts";
import type { ReviewRequest } from "../../services/admission/review.ts";
import { webhookServer } from "../../services/admission/server.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { compileMirror } from "../../services/lib/image-mirror/rewrite.ts";
import { batched, createLogger } from "../../services/lib/log.ts";
import { defaultSettings } from "../../services/lib/pod-defaults/apply.ts";
import { normalisePodDefault } from "../../services/lib/pod-defaults/normalise.ts";
import { podDefaults, rules } from "./corpus.ts";
import { floorServer } from "./floor.ts";
import { announce, answerUsage, type Start } from "./meter.ts";

/** Both webhooks for one call. The API server calls them one by one: this shows what one webhook for both would cost. */
function pipeline(mirror: typeof imageMirror, defaults: typeof imageMirror) {
  return async (request: ReviewRequest) => {
    const first = request.operation === "CREATE" ? await defaults(request) : undefined;
    const second = await mirror(request);
    if (first === undefined || !isMutation(first)) return second;
    return second !== undefined && isMutation(second)
      ? { operations: [...first.operations, ...second.operations] }
      : (second ?? first);
  };
}

const imageMirror = imageMirrorWebhook(compileMirror({ rules, exempt: [], onMissing: "keep" }));

/** Our own server as it is deployed, with its log on the standard output, and without the API server behind it. */
function carrelServer(pair: { readonly cert: string; readonly key: string }): Server {
  const usable = podDefaults.flatMap((manifest) => {
    const normalised = normalisePodDefault(manifest);
    return normalised.ok ? [normalised.podDefault] : [];
  });
  const defaults = podDefaultsWebhook({ podDefaultsIn: () => usable, settings: defaultSettings });
  const webhooks = {
    "/image-mirror": imageMirror,
    "/pod-defaults": defaults,
    "/pipeline": pipeline(imageMirror, defaults),
  };
  const log = createLogger({ write: batched((text) => process.stdout.write(text)) });
  return webhookServer({ webhooks, metrics: new AdmissionMetrics(), clock: systemClock, log }, pair);
}

answerUsage();
const [start] = (await once(process, "message")) as [Start];
const server = start.kind === "floor" ? floorServer(start) : carrelServer(start);
server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));
