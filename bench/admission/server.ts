import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { imageMirrorWebhook } from "../../services/admission/image-mirror-webhook.ts";
import { AdmissionMetrics } from "../../services/admission/metrics.ts";
import { podDefaultsWebhook } from "../../services/admission/pod-defaults-webhook.ts";
import { webhookServer } from "../../services/admission/server.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { compileMirror } from "../../services/lib/image-mirror/rewrite.ts";
import { createLogger } from "../../services/lib/log.ts";
import { defaultSettings } from "../../services/lib/pod-defaults/apply.ts";
import { normalisePodDefault } from "../../services/lib/pod-defaults/normalise.ts";

/** What the parent process sends first. */
interface Start {
  readonly kind: "floor" | "carrel";
  readonly cert: string;
  readonly key: string;
}

/** The least that a webhook can do: read, parse, and answer a patch that is a constant. */
function floor(pair: { cert: string; key: string }): ReturnType<typeof createServer> {
  const patch = Buffer.from(
    '[{"op":"replace","path":"/spec/containers/0/image","value":"mirror.test/hub/library/a:1"}]',
  );
  const tail = `","allowed":true,"patchType":"JSONPatch","patch":"${patch.toString("base64")}"}}`;
  return createServer({ ...pair, minVersion: "TLSv1.3", keepAliveTimeout: 120_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const review = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { request: { uid: string } };
      const head = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"';
      const body = head + review.request.uid + tail;
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
      response.end(body);
    });
  });
}

/** Our own server with a mirror of three rules and five PodDefaults, of which two select the pod. */
function carrel(pair: { cert: string; key: string }): ReturnType<typeof createServer> {
  const rules = ["docker.io", "quay.io", "ghcr.io"].map((from) => ({ from, to: `mirror.test/${from.split(".")[0]}` }));
  const podDefaults = ["a", "b", "c", "d", "e"].flatMap((name, i) => {
    const spec = {
      selector: { matchLabels: { [`default-${i}`]: "yes" } },
      env: [{ name: `FROM_${name.toUpperCase()}`, value: name }],
      volumes: [{ name: `volume-${name}`, emptyDir: {} }],
      volumeMounts: [{ name: `volume-${name}`, mountPath: `/mnt/${name}` }],
    };
    const normalised = normalisePodDefault({ metadata: { name, namespace: "work" }, spec });
    return normalised.ok ? [normalised.podDefault] : [];
  });
  return webhookServer(
    {
      webhooks: {
        "/image-mirror": imageMirrorWebhook(compileMirror({ rules, exempt: [], onMissing: "keep" })),
        "/pod-defaults": podDefaultsWebhook({ podDefaultsIn: () => podDefaults, settings: defaultSettings }),
      },
      metrics: new AdmissionMetrics(),
      clock: systemClock,
      log: createLogger({ write: () => {} }),
    },
    pair,
  );
}

process.on("message", (message: Start | "cpu") => {
  if (message === "cpu") {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
    return;
  }
  const server = message.kind === "floor" ? floor(message) : carrel(message);
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
});
