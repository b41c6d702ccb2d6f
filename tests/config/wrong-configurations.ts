import type { Sections } from "./configurations.ts";

/** A data table: what is wrong, the change to a right configuration, and the whole text of its one problem. */
export const wrongConfigurations: readonly (readonly [string, Sections, string])[] = [
  [
    "a host with a scheme",
    { host: "https://notebooks.example.org" },
    'carrel:host: must be a host name without a scheme, got "https://notebooks.example.org"; leave out "https://"',
  ],
  [
    "a host with a port",
    { host: "notebooks.example.org:8443" },
    'carrel:host: must be a host name without a port, got "notebooks.example.org:8443"; leave out the colon and the port',
  ],
  [
    "a host with a path",
    { host: "notebooks.example.org/hub" },
    'carrel:host: must be a host name without a path, got "notebooks.example.org/hub"; leave out the slash and the rest',
  ],
  [
    "a wildcard host",
    { host: "*.example.org" },
    'carrel:host: must be one host name, not a wildcard, got "*.example.org"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "an IPv4 address as host",
    { host: "192.0.2.7" },
    'carrel:host: must be a DNS name, not an IP address, got "192.0.2.7"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "an IPv6 address as host",
    { host: "[2001:db8::7]" },
    'carrel:host: must be a DNS name, not an IP address, got "[2001:db8::7]"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "a host in upper case",
    { host: "Notebooks.Example.org" },
    'carrel:host: must be in lower case, got "Notebooks.Example.org"; write "notebooks.example.org"',
  ],
  [
    "a host with an underscore",
    { host: "note_books.example.org" },
    'carrel:host: must be a DNS name of at most 253 characters, got "note_books.example.org"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "a host with an empty label",
    { host: "notebooks..org" },
    'carrel:host: must be a DNS name of at most 253 characters, got "notebooks..org"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "a host of 254 characters",
    { host: `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(62)}` },
    'carrel:host: must be a DNS name of at most 253 characters, got "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbb...; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "a host with a label of 64 characters",
    { host: `${"a".repeat(64)}.org` },
    'carrel:host: must be a DNS name of at most 253 characters, got "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "a host that ends in a number",
    { host: "notebooks.7" },
    'carrel:host: must be a DNS name of at most 253 characters, got "notebooks.7"; name the one host that users open, as in notebooks.example.org',
  ],
  [
    "no host",
    { host: "" },
    "carrel:host: is not set; set it with `pulumi config set carrel:host notebooks.example.org`",
  ],
  [
    "a lab's name that cannot be one",
    { lab: "My_Lab" },
    'carrel:lab: must be 1 to 20 lower-case letters, digits and dashes, beginning with a letter, got "My_Lab"; use the LAB_NAME that the lab was started with',
  ],
  [
    "a lab that does not run",
    { lab: "second" },
    'carrel:lab: must name a lab that is running, got "second"; start it with `LAB_NAME=second make up`',
  ],
  [
    "a prefix with a trailing dash",
    { prefix: "carrel-" },
    'carrel:prefix: must be a DNS label of at most 40 characters, got "carrel-"; use lower-case letters, digits and inner dashes, as in carrel',
  ],
  [
    "a prefix of 41 characters",
    { prefix: "c".repeat(41) },
    'carrel:prefix: must be a DNS label of at most 40 characters, got "ccccccccccccccccccccccccccccccccccccccccc"; use lower-case letters, digits and inner dashes, as in carrel',
  ],
  [
    "Kubernetes' own prefix",
    { prefix: "kube" },
    'carrel:prefix: must not begin with kube, because kube-system belongs to Kubernetes, got "kube"; choose another, as in carrel',
  ],
  [
    "an empty kubeconfig",
    { cluster: { kubeconfig: " \n" } },
    "carrel:cluster.kubeconfig: must not be empty, got [secret]; give the path or the text of a kubeconfig, or unset the key to use the one that kubectl uses",
  ],
  [
    "an empty context",
    { cluster: { context: "" } },
    'carrel:cluster.context: must not be empty, got ""; name a context of the kubeconfig, or unset the key to use its current one',
  ],
  [
    "a context that is a number",
    { cluster: { context: 5 } },
    "carrel:cluster.context: must be text, got 5; write it in quotes",
  ],
  [
    "true for an object",
    { cluster: "true" },
    "carrel:cluster: must be an object, got [secret]; set its keys one by one, as with `pulumi config set --path carrel:cluster.kubeconfig /path/to/kubeconfig`",
  ],
  [
    "a list for an object",
    { network: `["192.0.2.0/28"]` },
    "carrel:network: must be an object, got [\"192.0.2.0/28\"]; set its keys one by one, as with `pulumi config set --path 'carrel:network.controlPlaneCidrs[0]' 192.0.2.0/28`",
  ],
  [
    "text for an object",
    { admission: "replicas=3" },
    "carrel:admission: must be an object, got [secret]; set its keys one by one, as with `pulumi config set --path carrel:admission.replicas 3`",
  ],
  [
    "broken JSON",
    { images: `{"registry": "registry.example.org"` },
    'carrel:images: must be valid JSON, got "{\\"registry\\": \\"registry.example.org\\""; set its keys one by one, as with `pulumi config set --path carrel:images.registry registry.example.org`',
  ],
  [
    "a number for text",
    { images: { registry: 5000 } },
    "carrel:images.registry: must be text, got 5000; write it in quotes",
  ],
  [
    "null for text",
    { images: { registry: null } },
    "carrel:images.registry: must be text, got null; write host or host:port, as in registry.example.org:5000",
  ],
  [
    "an object for text",
    { images: { registry: { host: "a" } } },
    'carrel:images.registry: must be text, got {"host":"a"}; write host or host:port, as in registry.example.org:5000',
  ],
  [
    "a registry with a scheme",
    { images: { registry: "http://registry.example.org" } },
    'carrel:images.registry: must be host[:port] without a scheme, got "http://registry.example.org"; leave out "http://"',
  ],
  [
    "a registry with a path",
    { images: { registry: "registry.example.org/carrel" } },
    'carrel:images.registry: must be host[:port] without a path, got "registry.example.org/carrel"; move the path to carrel:images.repositoryPrefix',
  ],
  [
    "a registry with a port beyond 65535",
    { images: { registry: "registry.example.org:65536" } },
    'carrel:images.registry: must be host[:port], got "registry.example.org:65536"; write host or host:port, as in registry.example.org:5000',
  ],
  [
    "a registry that is not a host",
    { images: { registry: "registry_1" } },
    'carrel:images.registry: must be host[:port], got "registry_1"; write host or host:port, as in registry.example.org:5000',
  ],
  [
    "a repository prefix in upper case",
    { images: { repositoryPrefix: "Carrel" } },
    'carrel:images.repositoryPrefix: must be a repository path of at most 128 characters, got "Carrel"; use lower-case letters and digits, joined by single dots, dashes, underscores and slashes, as in research/carrel',
  ],
  [
    "a base image without digest",
    { images: { base: "docker.io/library/node:24" } },
    'carrel:images.base: must name the image by digest, because a tag can move, got "docker.io/library/node:24"; append the @sha256:... that `crane digest docker.io/library/node:24` prints',
  ],
  [
    "a base image without registry",
    { images: { base: `node@sha256:${"a".repeat(64)}` } },
    'carrel:images.base: must be an image of the form host/repository[:tag]@sha256:DIGEST, got "node@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; write the registry\'s host out and append the digest, as in docker.io/library/node:24-slim@sha256:...',
  ],
  [
    "a base image with a short digest",
    { images: { base: "docker.io/library/node@sha256:abc" } },
    'carrel:images.base: must be an image of the form host/repository[:tag]@sha256:DIGEST, got "docker.io/library/node@sha256:abc"; write the registry\'s host out and append the digest, as in docker.io/library/node:24-slim@sha256:...',
  ],
  [
    "plain HTTP to a public registry",
    { images: { plainHttp: true } },
    "carrel:images.plainHttp: must be false for a registry that is neither private nor a lab's, got true; serve the registry over TLS and unset the key",
  ],
  [
    "quoted true",
    { images: { plainHttp: "true" } },
    'carrel:images.plainHttp: must be true or false, got "true"; write it without quotes',
  ],
  [
    "a number for a boolean",
    { images: { plainHttp: 1 } },
    "carrel:images.plainHttp: must be true or false, got 1; write true or false",
  ],
  [
    "text for a list",
    { network: { controlPlaneCidrs: "192.0.2.0/28" } },
    'carrel:network.controlPlaneCidrs: must be a list, got "192.0.2.0/28"; write it as a list, ["192.0.2.0/28"]',
  ],
  [
    "an empty list",
    { network: { controlPlaneCidrs: [] } },
    "carrel:network.controlPlaneCidrs: must have at least one item, got []; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64",
  ],
  [
    "an address without a length",
    { network: { controlPlaneCidrs: ["192.0.2.1"] } },
    'carrel:network.controlPlaneCidrs[0]: must be a range of IP addresses as ADDRESS/LENGTH, got "192.0.2.1"; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64',
  ],
  [
    "a range with host bits",
    { network: { controlPlaneCidrs: ["192.0.2.0/28", "192.0.2.17/28"] } },
    'carrel:network.controlPlaneCidrs[1]: must have no bits set behind the prefix, got "192.0.2.17/28"; write "192.0.2.16/28"',
  ],
  [
    "an IPv6 range with host bits",
    { network: { controlPlaneCidrs: ["2001:db8::1/64"] } },
    'carrel:network.controlPlaneCidrs[0]: must have no bits set behind the prefix, got "2001:db8::1/64"; write "2001:db8::/64"',
  ],
  [
    "every IPv4 address",
    { network: { controlPlaneCidrs: ["0.0.0.0/0"] } },
    'carrel:network.controlPlaneCidrs[0]: must not be every address, because every pod could then call the webhook, got "0.0.0.0/0"; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64',
  ],
  [
    "every IPv6 address",
    { network: { controlPlaneCidrs: ["::/0"] } },
    'carrel:network.controlPlaneCidrs[0]: must not be every address, because every pod could then call the webhook, got "::/0"; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64',
  ],
  [
    "a number in a list of text",
    { network: { controlPlaneCidrs: [10] } },
    "carrel:network.controlPlaneCidrs[0]: must be text, got 10; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64",
  ],
  [
    "one replica",
    { admission: { replicas: 1 } },
    "carrel:admission.replicas: must be a whole number from 2 to 9, got 1; 2 are enough for one to be replaced while the other answers",
  ],
  [
    "ten replicas",
    { admission: { replicas: 10 } },
    "carrel:admission.replicas: must be a whole number from 2 to 9, got 10; 2 are enough for one to be replaced while the other answers",
  ],
  [
    "two and a half replicas",
    { admission: { replicas: 2.5 } },
    "carrel:admission.replicas: must be a whole number from 2 to 9, got 2.5; 2 are enough for one to be replaced while the other answers",
  ],
  [
    "quoted replicas",
    { admission: { replicas: "3" } },
    'carrel:admission.replicas: must be a number, got "3"; write it without quotes',
  ],
  [
    "text for replicas",
    { admission: { replicas: "many" } },
    'carrel:admission.replicas: must be a number, got "many"; 2 are enough for one to be replaced while the other answers',
  ],
  [
    "an unknown log level",
    { admission: { logLevel: "verbose" } },
    'carrel:admission.logLevel: must be one of debug, info, warn, error, got "verbose"; choose one of them',
  ],
  [
    "a service account without namespace",
    { admission: { bypassServiceAccounts: ["velero"] } },
    'carrel:admission.bypassServiceAccounts[0]: must be NAMESPACE:NAME of a service account, got "velero"; write it as in velero:velero',
  ],
  [
    "a service account as Kubernetes' user name",
    { admission: { bypassServiceAccounts: ["system:serviceaccount:velero:velero"] } },
    'carrel:admission.bypassServiceAccounts[0]: must be NAMESPACE:NAME of a service account, got "system:serviceaccount:velero:velero"; write "velero:velero"',
  ],
  [
    "validity of half a day",
    { certificates: { validityDays: 0.5 } },
    "carrel:certificates.validityDays: must be a whole number from 2 to 3650, got 0.5; write days, as in 365",
  ],
  [
    "renewal of no day",
    { certificates: { renewalDays: 0 } },
    "carrel:certificates.renewalDays: must be a whole number from 1 to 3649, got 0; write days, fewer than carrel:certificates.validityDays",
  ],
  [
    "renewal as long as validity",
    { certificates: { validityDays: 90, renewalDays: 90 } },
    "carrel:certificates.renewalDays: must be less than carrel:certificates.validityDays, got 90; set it below 90 or raise carrel:certificates.validityDays",
  ],
  [
    "validity shorter than the default renewal",
    { certificates: { validityDays: 30 } },
    "carrel:certificates.renewalDays: must be less than carrel:certificates.validityDays, got 90; set it below 30 or raise carrel:certificates.validityDays",
  ],
  ["a misspelt key", { hosts: "a.example.org" }, "carrel:hosts: is not a known key; did you mean carrel:host?"],
  ["a misspelt section", { clusters: {} }, "carrel:clusters: is not a known key; did you mean carrel:cluster?"],
  [
    "a misspelt key in a section",
    { images: { registy: "a.example.org" } },
    "carrel:images.registy: is not a known key; did you mean carrel:images.registry?",
  ],
  [
    "a key in the wrong case",
    { images: { plainHTTP: true } },
    "carrel:images.plainHTTP: is not a known key; did you mean carrel:images.plainHttp?",
  ],
  [
    "a key of a section at the top level",
    { replicas: "3" },
    "carrel:replicas: is not a known key; did you mean carrel:identity.replicas?",
  ],
  [
    "a key in the wrong section",
    { admission: { registry: "a.example.org" } },
    "carrel:admission.registry: is not a known key; did you mean carrel:images.registry?",
  ],
  [
    "a key like no other",
    { telemetry: "on" },
    "carrel:telemetry: is not a known key; known are carrel:host, carrel:lab, carrel:prefix, carrel:cluster, carrel:images, carrel:network, carrel:port, carrel:ssh, carrel:exposure, carrel:platform, carrel:identity, carrel:hub, carrel:culling, carrel:storage, carrel:placement, carrel:admission, carrel:quota, carrel:imageMirror, carrel:podDefaults, carrel:certificates",
  ],
  [
    "a key like no other in a section",
    { certificates: { telemetry: "on" } },
    "carrel:certificates.telemetry: is not a known key; known are carrel:certificates.validityDays, carrel:certificates.renewalDays",
  ],
  [
    "a flat key with a dot",
    { "admission.replicas": "3" },
    "carrel:admission.replicas: is stored as one flat key with a dot in its name; remove it and set it with `pulumi config set --path carrel:admission.replicas 3`",
  ],
  [
    "a flat key of a list",
    { "network.controlPlaneCidrs[0]": "192.0.2.0/28" },
    "carrel:network.controlPlaneCidrs[0]: is stored as one flat key with a dot in its name; remove it and set it with `pulumi config set --path 'carrel:network.controlPlaneCidrs[0]' 192.0.2.0/28`",
  ],
];
