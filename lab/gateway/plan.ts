/** An address and a port that a request can be handed to. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface Backend {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

/** Where a request goes instead; what is absent stays as it was asked for. */
export interface Redirect {
  readonly code: number;
  readonly scheme?: string;
  readonly host?: string;
  /** Absent where it is the scheme's own. */
  readonly port?: number;
}

export type Action =
  | { readonly backend: Backend }
  | { readonly redirect: Redirect }
  /** Nothing can serve it. */
  | { readonly status: number };

export interface PlannedRule {
  /** `a.example.org`, `*.example.org`; absent is every host. */
  readonly host?: string;
  readonly path: { readonly type: "Exact" | "PathPrefix"; readonly value: string };
  readonly action: Action;
}

export interface PlannedCertificate {
  /** Name of its file, without a folder. */
  readonly file: string;
  /** Certificate, intermediates and key, in this order. */
  readonly pem: string;
}

export interface PlannedListener {
  /** Unique among all listeners. */
  readonly id: string;
  readonly port: number;
  readonly kind: "http" | "https" | "tcp";
  readonly certificates: readonly PlannedCertificate[];
  /** Of HTTP, in the order in which they are tried. */
  readonly rules: readonly PlannedRule[];
  /** Of TCP. */
  readonly backend?: Backend;
}

/** What the proxy does, before it is written in the proxy's own words. */
export interface Plan {
  /** Where it listens, and where its requests come from. */
  readonly address: string;
  readonly listeners: readonly PlannedListener[];
}
