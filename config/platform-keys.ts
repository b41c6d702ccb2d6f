import * as checks from "./checks.ts";
import type { Key } from "./key.ts";

const ofTheLab = "the lab's; required without `lab`";

/** The keys of where the platform runs, and under which names. */
export const platformKeys = {
  host: {
    type: "string",
    absent: "required",
    description: "DNS name under which users open the platform.",
    example: "notebooks.example.org",
    check: checks.checkHost,
    fix: "name the one host that users open, as in notebooks.example.org",
  },
  lab: {
    type: "string",
    absent: "none",
    description:
      "Name of a running lab (`LAB_NAME`) that gives the defaults of `cluster`, `images`, `network` and `exposure`.",
    example: "dev",
    check: checks.checkLabName,
    fix: "use the LAB_NAME that the lab was started with",
  },
  prefix: {
    type: "string",
    default: "carrel",
    description: "First part of every namespace: `PREFIX-system`, `PREFIX-hub`. Another value replaces everything.",
    example: "carrel",
    check: checks.checkPrefix,
    fix: "use lower-case letters, digits and inner dashes, as in carrel",
  },
  "cluster.kubeconfig": {
    type: "string",
    absent: "the lab's; else where kubectl looks",
    description: "Path or text of a kubeconfig. A text holds credentials: set it with `--secret`.",
    example: "/path/to/kubeconfig",
    secret: true,
    check: checks.checkNotEmpty,
    fix: "give the path or the text of a kubeconfig, or unset the key to use the one that kubectl uses",
  },
  "cluster.context": {
    type: "string",
    absent: "the lab's with the lab's kubeconfig; else the current one",
    description: "Context of the kubeconfig.",
    example: "production",
    check: checks.checkNotEmpty,
    fix: "name a context of the kubeconfig, or unset the key to use its current one",
  },
  "images.registry": {
    type: "string",
    absent: ofTheLab,
    description: "Registry that the machine running Pulumi pushes to and the nodes pull from, as `host[:port]`.",
    example: "registry.example.org",
    check: checks.checkRegistry,
    fix: "write host or host:port, as in registry.example.org:5000",
  },
  "images.repositoryPrefix": {
    type: "string",
    default: "carrel",
    description: "First part of the images' repositories in the registry: `REGISTRY/PREFIX/admission`.",
    example: "carrel",
    check: checks.checkRepository,
    fix: "use lower-case letters and digits, joined by single dots, dashes, underscores and slashes, as in research/carrel",
  },
  "images.base": {
    type: "string",
    absent: ofTheLab,
    description: "Image with Node 24 that the platform's images are built on, by digest.",
    example: `registry.example.org/node:24@sha256:${"0123456789abcdef".repeat(4)}`,
    check: checks.checkPinnedImage,
    fix: "write the registry's host out and append the digest, as in docker.io/library/node:24-slim@sha256:...",
  },
  "images.plainHttp": {
    type: "boolean",
    absent: "the lab's with the lab's registry; else `false`",
    description: "Whether the registry speaks HTTP without TLS. Only for a private, loopback or lab registry.",
    example: "true",
    fix: "write true or false",
  },
  "network.controlPlaneCidrs": {
    type: "list of strings",
    atLeastOne: true,
    absent: ofTheLab,
    description: "Ranges from which the API server calls webhooks; no other address reaches them.",
    example: "192.0.2.0/28",
    check: checks.checkCallerCidr,
    fix: "name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64",
  },
} as const satisfies Readonly<Record<string, Key>>;
