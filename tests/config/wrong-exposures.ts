import type { Sections } from "./configurations.ts";

const aPort = "write a port from 1 to 65535, as in 443";

/** As `wrongConfigurations`, for ports, the gateway and its certificate. */
export const wrongExposures: readonly (readonly [string, Sections, string])[] = [
  [
    "a port above all ports",
    { port: "65536" },
    `carrel:port: must be a whole number from 1 to 65535, got 65536; ${aPort}`,
  ],
  ["a port that is no number", { port: "https" }, `carrel:port: must be a number, got "https"; ${aPort}`],
  [
    "a port of SSH in quotes",
    { ssh: { port: "22" } },
    'carrel:ssh.port: must be a number, got "22"; write it without quotes',
  ],
  [
    "SSH on the port of HTTPS",
    { ssh: { port: 443 } },
    "carrel:ssh.port: must not be the port of carrel:port, got 443; give each its own port",
  ],
  [
    "HTTP on the port of HTTPS",
    { port: "80" },
    "carrel:exposure.httpPort: must not be the port of carrel:port, got 80; give each its own port",
  ],
  [
    "a gateway class with a capital",
    { exposure: { gatewayClass: "Envoy" } },
    'carrel:exposure.gatewayClass: must be a name of lower-case letters, digits, dashes and dots, got "Envoy"; name a GatewayClass that `kubectl get gatewayclasses` shows, or unset the key for the bundled one',
  ],
  [
    "a gateway at every address",
    { exposure: { gatewayCidrs: ["0.0.0.0/0"] } },
    'carrel:exposure.gatewayCidrs[0]: must not be every address, because every pod could then pass for the gateway, got "0.0.0.0/0"; name the gateway\'s addresses, as in 192.0.2.7/32',
  ],
  [
    "a path for a certificate",
    { exposure: { certificate: "tls.crt" } },
    'carrel:exposure.certificate: must be certificates in PEM, got [secret]; give the text of the file, as in `pulumi config set --path carrel:exposure.certificate "$(cat tls.crt)"`',
  ],
  [
    "a key where the certificate belongs",
    { exposure: { certificate: "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n" } },
    'carrel:exposure.certificate: must be certificates only, but there is a PRIVATE KEY, got [secret]; give the text of the file, as in `pulumi config set --path carrel:exposure.certificate "$(cat tls.crt)"`',
  ],
  [
    "a certificate that cannot be read",
    { exposure: { certificate: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n" } },
    'carrel:exposure.certificate: must be certificates in PEM, but certificate 1 cannot be read, got [secret]; give the text of the file, as in `pulumi config set --path carrel:exposure.certificate "$(cat tls.crt)"`',
  ],
  [
    "a private key with a passphrase",
    { exposure: { privateKey: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n" } },
    'carrel:exposure.privateKey: must be a private key without a passphrase, got [secret]; give the text of the file, as in `pulumi config set --secret --path carrel:exposure.privateKey "$(cat tls.key)"`',
  ],
  [
    "a private key that is none",
    { exposure: { privateKey: "secret" } },
    'carrel:exposure.privateKey: must be a private key in PEM, got [secret]; give the text of the file, as in `pulumi config set --secret --path carrel:exposure.privateKey "$(cat tls.key)"`',
  ],
  [
    "two sources of the certificate",
    { exposure: { tlsSecret: "public-tls", issuer: "Issuer/site" } },
    "carrel:exposure.issuer: must not be set beside carrel:exposure.tlsSecret; unset one of the two",
  ],
  [
    "an issuer without its kind",
    { exposure: { issuer: "letsencrypt" } },
    'carrel:exposure.issuer: must be ClusterIssuer/NAME or Issuer/NAME, got "letsencrypt"; write ClusterIssuer/NAME or Issuer/NAME, as in ClusterIssuer/letsencrypt',
  ],
  [
    "another host with a port",
    { exposure: { otherHosts: ["old.example.org:80"] } },
    'carrel:exposure.otherHosts[0]: must be a host name without a port, got "old.example.org:80"; leave out the colon and the port',
  ],
  [
    "another host that is one of its own names",
    { exposure: { otherHosts: ["old.example.org", "id.notebooks.example.org"] } },
    'carrel:exposure.otherHosts[1]: must not be one of the platform\'s own names, got "id.notebooks.example.org"; leave it out',
  ],
  [
    "another host twice",
    { exposure: { otherHosts: ["old.example.org", "old.example.org"] } },
    'carrel:exposure.otherHosts[1]: must not repeat carrel:exposure.otherHosts[0], got "old.example.org"; keep one of the two',
  ],
  [
    "addresses from one family to another",
    { exposure: { metallbAddresses: ["192.0.2.1-2001:db8::1"] } },
    'carrel:exposure.metallbAddresses[0]: must be a range of addresses, FIRST-LAST or ADDRESS/LENGTH, got "192.0.2.1-2001:db8::1"; write a range as 192.0.2.7/32 or 192.0.2.7-192.0.2.9',
  ],
  [
    "an address without a length",
    { exposure: { metallbAddresses: ["192.0.2.1"] } },
    'carrel:exposure.metallbAddresses[0]: must be a range of addresses, FIRST-LAST or ADDRESS/LENGTH, got "192.0.2.1"; write a range as 192.0.2.7/32 or 192.0.2.7-192.0.2.9',
  ],
  [
    "addresses with bits behind the prefix",
    { exposure: { metallbAddresses: ["192.0.2.1/24"] } },
    'carrel:exposure.metallbAddresses[0]: must have no bits set behind the prefix, got "192.0.2.1/24"; write "192.0.2.0/24"',
  ],
];
