import * as checks from "./checks.ts";
import {
  checkAddressRange,
  checkCertificates,
  checkGatewayCidr,
  checkIssuer,
  checkObjectName,
  checkOtherHost,
  checkPrivateKey,
} from "./exposure-checks.ts";
import type { Key } from "./key.ts";

const port = checks.checkWholeNumber(1, 65535);
const certificateFix =
  'give the text of the file, as in `pulumi config set --path carrel:exposure.certificate "$(cat tls.crt)"`';

/** The keys of how the platform is reached from outside. */
export const exposureKeys = {
  port: {
    type: "integer",
    absent: "the lab's; else `443`",
    description: "Port of every public HTTPS name; 443 is left out of URLs.",
    example: "8443",
    check: port,
    fix: "write a port from 1 to 65535, as in 443",
  },
  "ssh.port": {
    type: "integer",
    absent: "the lab's; else `22`",
    description: "Port on `host` under which SSH reaches notebook servers.",
    example: "2222",
    check: port,
    fix: "write a port from 1 to 65535, as in 22",
  },
  "exposure.httpPort": {
    type: "integer",
    absent: "the lab's; else `80`",
    description: "Port on which plain HTTP is redirected to HTTPS; nothing else is served there.",
    example: "80",
    check: port,
    fix: "write a port from 1 to 65535, as in 80",
  },
  "exposure.gatewayClass": {
    type: "string",
    absent: "the lab's; else the bundled Traefik",
    description: "GatewayClass of the site's own implementation of the Gateway API; without it Traefik is installed.",
    example: "envoy",
    check: checkObjectName,
    fix: "name a GatewayClass that `kubectl get gatewayclasses` shows, or unset the key for the bundled one",
  },
  "exposure.gatewayNamespace": {
    type: "string",
    absent: "`PREFIX-gateway`",
    description: "Namespace of the gateway's own pods, which the Services behind routes let in.",
    example: "envoy-gateway-system",
    check: checkObjectName,
    fix: "name the namespace in which your gateway's pods run, as in envoy-gateway-system",
  },
  "exposure.gatewayCidrs": {
    type: "list of strings",
    absent: "the lab's; else none",
    description: "Addresses of a gateway that is not a pod of `gatewayNamespace`; Services behind routes let them in.",
    example: "192.0.2.7/32",
    check: checkGatewayCidr,
    fix: "name the gateway's addresses, as in 192.0.2.7/32",
  },
  "exposure.certificate": {
    type: "string",
    absent: "`tlsSecret`, `issuer`, else the platform's own authority",
    description: "PEM of the certificate of all public names, and of the intermediates in order. Needs `privateKey`.",
    example: '"$(cat tls.crt)"',
    // Somebody may paste a key.
    secret: true,
    check: checkCertificates,
    fix: certificateFix,
  },
  "exposure.privateKey": {
    type: "string",
    absent: "none",
    description: "PEM of the key of `certificate`: set it with `--secret`.",
    example: '"$(cat tls.key)"',
    secret: true,
    check: checkPrivateKey,
    fix: 'give the text of the file, as in `pulumi config set --secret --path carrel:exposure.privateKey "$(cat tls.key)"`',
  },
  "exposure.tlsSecret": {
    type: "string",
    absent: "`certificate`, `issuer`, else the platform's own authority",
    description:
      "Secret of type `kubernetes.io/tls` in `PREFIX-gateway` that holds the certificate of all public names.",
    example: "public-tls",
    check: checkObjectName,
    fix: "name a Secret, as in public-tls",
  },
  "exposure.issuer": {
    type: "string",
    absent: "`certificate`, `tlsSecret`, else the platform's own authority",
    description:
      "cert-manager's `ClusterIssuer/NAME`, or `Issuer/NAME` in `PREFIX-gateway`, that signs the certificate.",
    example: "ClusterIssuer/letsencrypt",
    check: checkIssuer,
    fix: "write ClusterIssuer/NAME or Issuer/NAME, as in ClusterIssuer/letsencrypt",
  },
  "exposure.otherHosts": {
    type: "list of strings",
    default: [],
    distinctBy: (host) => host,
    description: "Further names that lead here; requests to them are redirected to `host`.",
    example: "jupyter.example.org",
    check: checkOtherHost,
    fix: "name a host, as in jupyter.example.org",
  },
  "exposure.metallbAddresses": {
    type: "list of strings",
    default: [],
    distinctBy: (range) => range,
    description: "Addresses that an installed MetalLB gives to the gateway and announces in the local network.",
    example: "192.0.2.7/32",
    check: checkAddressRange,
    fix: "write a range as 192.0.2.7/32 or 192.0.2.7-192.0.2.9",
  },
} as const satisfies Readonly<Record<string, Key>>;
