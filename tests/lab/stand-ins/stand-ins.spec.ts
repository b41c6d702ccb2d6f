import assert from "node:assert/strict";
import { catalogue, type ImageName, versionOf } from "../../../images/catalogue.ts";
import { Registry } from "../../../images/oci/registry.ts";
import { Progress } from "../../../lab/progress.ts";
import { JOVYAN_HOME } from "../../../lab/stand-ins/images.ts";
import { provideStandIns, readStandIns } from "../../../lab/stand-ins/push.ts";
import { eventually } from "../../support/eventually.ts";
import { labName, labUnderTest } from "../../support/lab.ts";
import { ScratchNamespace } from "./scratch.ts";

const nginxConfig = `load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; pid /tmp/nginx.pid; error_log stderr; events {}
http {
  access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
  server { listen 8080; return 200 "through nginx"; }
}
stream { server { listen 8081; proxy_pass 127.0.0.1:8080; } }
`;

const hubStart = [
  "exec jupyterhub --JupyterHub.hub_bind_url=http://:8081 --JupyterHub.hub_connect_ip=$POD_IP",
  "--JupyterHub.db_url=sqlite:////tmp/hub.sqlite --JupyterHub.cookie_secret_file=/tmp/cookie --JupyterHub.authenticator_class=dummy",
  "--JupyterHub.spawner_class=kubespawner.KubeSpawner --ConfigurableHTTPProxy.should_start=False",
  "--ConfigurableHTTPProxy.api_url=http://$PROXY:8001",
].join(" ");

const notebookVersions =
  "import sys, ipykernel, jupyterhub; print(sys.version_info[:2], jupyterhub.__version__, ipykernel.version_info[0])";

describe("stand-in images", function () {
  // Each wait in a test has its own limit.
  this.timeout(900_000);
  let scratch: ScratchNamespace;
  let images: Readonly<Record<ImageName, string>>;
  let proxy: string;

  /** All pods start at once; each test waits for its own. */
  async function startAll(): Promise<void> {
    const { client } = await labUnderTest();
    scratch = new ScratchNamespace(client);
    await scratch.create();
    const token = { CONFIGPROXY_AUTH_TOKEN: scratch.password };
    const nobody = { uid: 65534, gid: 65534 };
    await scratch.run("postgres", {
      ...{ image: images.postgres, uid: 999, gid: 999, writable: ["/var/lib/postgresql", "/var/run/postgresql"] },
      env: { POSTGRES_USER: "owner", POSTGRES_DB: "keycloak-db", POSTGRES_PASSWORD_FILE: "/run/secret/password" },
    });
    await scratch.run("proxy", {
      ...{ image: images.proxy, ...nobody, env: token },
      args: ["--ip=0.0.0.0", "--port=8000", "--api-ip=0.0.0.0", "--api-port=8001"],
    });
    await scratch.run("gateway", {
      ...{ image: images.gateway, uid: 65532, gid: 65532, env: { CONFIG: nginxConfig } },
      command: ["sh", "-c", 'printf %s "$CONFIG" >/tmp/nginx.conf && exec nginx -c /tmp/nginx.conf'],
    });
    await scratch.run("notebook", {
      ...{ image: images.notebook, uid: 1000, gid: 100, writable: [JOVYAN_HOME] },
      args: ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"],
    });
    // The hub and Keycloak end where they find nobody when they start.
    proxy = await scratch.listening("proxy", 8001);
    await scratch.run("hub", {
      ...{ image: images.hub, uid: 1000, gid: 1000, env: { ...token, PROXY: proxy }, command: ["sh", "-c", hubStart] },
    });
    await scratch.run("keycloak", {
      ...{ image: images.keycloak, uid: 1000, gid: 0, writable: ["/opt/keycloak/data"] },
      args: ["start", "--optimized", "--http-enabled=true", "--hostname-strict=false"],
      env: {
        KC_DB_URL_HOST: await scratch.listening("postgres", 5432),
        KC_DB_URL_DATABASE: "keycloak-db",
        KC_DB_USERNAME: "owner",
        KC_DB_PASSWORD: scratch.password,
        JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx512m",
      },
    });
  }

  before(async function () {
    // On a machine that has never built them; a minute or two of it is downloads.
    this.timeout(1_500_000);
    await provideStandIns(labName(), new Progress());
    images = readStandIns(labName()) as typeof images;
    await startAll();
  });
  after(() => scratch?.remove());

  it("say what they stand in for", async () => {
    const { endpoints } = await labUnderTest();
    const registry = new Registry(endpoints.registry);
    assert.deepEqual(Object.keys(images).sort(), [
      ...["gateway", "hub", "keycloak", "notebook", "pause", "postgres", "proxy", "scheduler"],
    ]);
    for (const name of Object.keys(images) as ImageName[]) {
      const [repository = "", digest = ""] = images[name].slice(`${endpoints.registry.host}/`.length).split("@");
      const manifest = JSON.parse((await registry.manifest(repository, digest)).bytes.toString("utf8"));
      const { config } = JSON.parse((await registry.blob(repository, manifest.config.digest)).toString("utf8"));
      assert.equal(config.Labels["carrel.dev/stand-in-for"], catalogue[name].reference);
    }
  });

  it("serve JupyterLab to a user without privileges", async () => {
    assert.match(await scratch.answer("notebook", 8888, "/api"), /^\{"version": "2\./);
    const image = { image: images.notebook, uid: 1000, gid: 100, writable: [JOVYAN_HOME] };
    const script = `jupyter lab --version && python -c "${notebookVersions}" && test -x /usr/lib/openssh/sftp-server && id`;
    await scratch.run("notebook-versions", { ...image, args: ["bash", "-euc", script] });
    assert.equal(
      await scratch.output("notebook-versions"),
      `${versionOf("notebook")}\n(3, 11) ${catalogue.hub.programs.jupyterhub} 7\nuid=1000(jovyan) gid=100(users) groups=100(users)\n`,
    );
  });

  it("route through the proxy to the hub", async () => {
    assert.deepEqual(JSON.parse(await scratch.answer("proxy", 8000, "/_chp_healthz")), { status: "OK" });
    assert.equal(await scratch.answer("hub", 8081, "/hub/health"), "");
    assert.match(await scratch.answer("proxy", 8000, "/hub/login"), /<title>JupyterHub<\/title>/);
    await scratch.run("hub-version", { image: images.hub, uid: 1000, gid: 1000, args: ["jupyterhub", "--version"] });
    assert.equal(await scratch.output("hub-version"), `${catalogue.hub.programs.jupyterhub}\n`);
  });

  it("are the scheduler of the lab's Kubernetes, and what does nothing", async () => {
    const nobody = { uid: 65532, gid: 65532 };
    const command = ["/usr/local/bin/kube-scheduler", "--version"];
    await scratch.run("scheduler", { image: images.scheduler, ...nobody, command });
    await scratch.run("pause", { image: images.pause, ...nobody });
    assert.equal(await scratch.output("scheduler"), `Kubernetes v${versionOf("scheduler")}\n`);
    await scratch.address("pause");
  });

  it("carry TCP and HTTP through the gateway's nginx", async () => {
    assert.equal(await scratch.answer("gateway", 8080, "/"), "through nginx");
    assert.equal(await scratch.answer("gateway", 8081, "/"), "through nginx");
  });

  it("keep a database that was made from the environment, by password only", async () => {
    const address = await scratch.listening("postgres", 5432);
    const ask = (password: string) => ({
      ...{ image: images.postgres, uid: 999, gid: 999, env: { PGPASSWORD: password } },
      command: ["sh", "-c"],
      args: [
        `until pg_isready -q -h ${address} -t 60; do sleep 1; done; psql -h ${address} -U owner -d keycloak-db -Atc 'show server_version' 2>&1 || true`,
      ],
    });
    await scratch.run("psql", ask(scratch.password));
    await scratch.run("psql-wrong", ask("wrong"));
    assert.equal(await scratch.output("psql"), `${versionOf("postgres")}\n`);
    assert.match(await scratch.output("psql-wrong"), /FATAL: {2}password authentication failed for user "owner"\n$/);
  });

  it("become ready with Keycloak on that database", async () => {
    const health = JSON.parse(await scratch.answer("keycloak", 9000, "/health/ready")) as { status: string };
    assert.equal(health.status, "UP");
    const log = await eventually("Keycloak says that it has started", async () => {
      const said = await scratch.log("keycloak");
      return said.includes(" on JVM") ? said : undefined;
    });
    assert.match(log, new RegExp(`Keycloak ${versionOf("keycloak")} on JVM`));
    assert.match(await scratch.answer("keycloak", 8080, "/realms/master"), /"realm":"master"/);
  });
});
