import assert from "node:assert/strict";
import {
  clusterRules,
  routeRules,
  sshConfiguration,
  type TraefikSettings,
  traefikPod,
} from "../../../components/exposure/traefik-spec.ts";

const settings: TraefikSettings = {
  namespace: "library-gateway",
  image: "registry.test/traefik@sha256:1",
  replicas: 2,
  priorityClass: "library-platform",
  ports: { http: 80, https: 443, ssh: 22 },
  namespaces: ["library-hub", "library-gateway", "library-hub"],
};

describe("Traefik's pod", () => {
  const pod = traefikPod(settings, "traefik", "traefik-dynamic");
  const [container] = pod.containers as { args: string[]; ports: unknown; securityContext: unknown; image: string }[];

  it("listens on the public ports, and on one for probes and metrics", () => {
    assert.deepEqual(container?.ports, [
      { name: "http", containerPort: 80 },
      { name: "https", containerPort: 443 },
      { name: "ssh", containerPort: 22 },
      { name: "admin", containerPort: 9100 },
    ]);
  });

  it("reads the Gateway API in the namespaces with routes, and calls nobody at home", () => {
    assert.deepEqual(container?.args, [
      "--entrypoints.web.address=:80",
      "--entrypoints.websecure.address=:443",
      "--entrypoints.websecure.transport.respondingtimeouts.readtimeout=0",
      "--entrypoints.ssh.address=:22",
      "--entrypoints.ssh.transport.respondingtimeouts.readtimeout=0",
      "--entrypoints.admin.address=:9100",
      "--providers.kubernetesgateway=true",
      "--providers.kubernetesgateway.namespaces=library-gateway,library-hub",
      "--providers.kubernetesgateway.statusaddress.service.namespace=library-gateway",
      "--providers.kubernetesgateway.statusaddress.service.name=traefik",
      "--providers.file.directory=/etc/traefik/dynamic",
      "--ping=true",
      "--ping.entrypoint=admin",
      "--metrics.prometheus=true",
      "--metrics.prometheus.entrypoint=admin",
      "--accesslog=true",
      "--accesslog.format=json",
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
    ]);
  });

  it("is restricted, and needs no capability for low ports", () => {
    assert.deepEqual(container?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
      sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
    });
  });

  it("changes only statuses, and nothing by wildcard", () => {
    const rules = [...clusterRules, ...routeRules] as { resources: string[]; verbs: string[]; apiGroups: string[] }[];
    for (const { resources, verbs, apiGroups } of rules) {
      assert.ok(![...resources, ...verbs, ...apiGroups].includes("*"));
      if (verbs.includes("update")) assert.ok(resources.every((resource) => resource.endsWith("/status")));
      else assert.deepEqual(verbs, ["get", "list", "watch"]);
    }
  });
});

describe("sshConfiguration", () => {
  it("leads the port to the Service, and is empty without one", () => {
    assert.deepEqual(JSON.parse(sshConfiguration({ service: "ssh", namespace: "library-hub", port: 2222 })), {
      tcp: {
        routers: { ssh: { entryPoints: ["ssh"], rule: "HostSNI(`*`)", service: "ssh" } },
        services: { ssh: { loadBalancer: { servers: [{ address: "ssh.library-hub.svc:2222" }] } } },
      },
    });
    assert.equal(sshConfiguration(undefined), "{}\n");
  });
});
