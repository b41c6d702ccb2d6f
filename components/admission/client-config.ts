import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Where a webhook is answered. */
export interface WebhookTarget {
  readonly caPem: pulumi.Input<string>;
  readonly service: { readonly name: pulumi.Input<string>; readonly namespace: pulumi.Input<string> };
}

type ClientConfig = k8s.types.input.admissionregistration.v1.WebhookClientConfig;

/** How the API server reaches a path of the admission service, and whom it trusts there. */
export function clientConfig({ caPem, service }: WebhookTarget, path: string): ClientConfig {
  return {
    caBundle: pulumi.output(caPem).apply((pem) => Buffer.from(pem).toString("base64")),
    service: { ...service, path, port: 443 },
  };
}
