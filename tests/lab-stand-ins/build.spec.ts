import assert from "node:assert/strict";
import { versionOf } from "../../images/catalogue.ts";
import { versions } from "../../lab/cluster/binaries.ts";
import { obstacle, recipesOf } from "../../lab/stand-ins/build.ts";
import { labelsOf, standIns } from "../../lab/stand-ins/images.ts";
import { kubernetesStandIns } from "../../lab/stand-ins/kubernetes-images.ts";
import { lockLines } from "../../lab/stand-ins/pin.ts";
import { forImage } from "../../lab/stand-ins/program-layers.ts";

const bookworm = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\n';

describe("obstacle", () => {
  it("is none for root on the release that the packages are of", () => {
    assert.equal(obstacle(bookworm, true), undefined);
  });

  it("names what is in the way elsewhere", () => {
    assert.equal(obstacle(bookworm, false), "unpacking them needs root");
    const other = "they are made of packages of Debian bookworm, and this is ";
    assert.equal(obstacle("VERSION_CODENAME=noble\n", true), `${other}noble`);
    assert.equal(obstacle("", true), `${other}no Debian`);
  });
});

describe("recipesOf", () => {
  it("has each layer once, after those that it is put onto", () => {
    const names = recipesOf(standIns).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, onto } of recipesOf(standIns)) {
      for (const lower of onto) assert.ok(names.indexOf(lower.name) < names.indexOf(name), `${lower.name} < ${name}`);
    }
    assert.deepEqual(names, [
      ...["debian", "java", "keycloak", "postgres", "python", "hub", "node", "proxy", "workbench", "notebook", "nginx"],
    ]);
  });
});

describe("standIns", () => {
  it("put every layer onto those that it was built on", () => {
    for (const { name, layers } of standIns) {
      for (const [i, { onto }] of layers.entries()) {
        const below = new Set(layers.slice(0, i));
        assert.deepEqual([name, onto.filter((lower) => !below.has(lower))], [name, []]);
      }
    }
  });

  it("run as a number that is not root, which Pod Security can check", () => {
    for (const { name, config } of standIns) assert.match(config.User ?? "", /^[1-9]\d*(:\d+)?$/, name);
  });

  it("say what they are and what they are not", () => {
    const gateway = standIns.find(({ name }) => name === "gateway")!;
    assert.deepEqual(labelsOf(gateway), {
      "carrel.dev/stand-in-for": "docker.io/library/traefik:v3.7.11",
      "org.opencontainers.image.title": "stand-in for docker.io/library/traefik:v3.7.11",
      "org.opencontainers.image.description":
        "Debian's nginx and Node, for the lab's own controller of the Gateway API: another program than Traefik",
      "org.opencontainers.image.version": "3.7.11",
    });
  });
});

describe("forImage", () => {
  it("asks for wheels that Debian's Python and C library run", () => {
    const platforms = ["manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34"];
    assert.deepEqual(forImage("arm64"), [
      ...["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"],
      ...platforms.flatMap((platform) => ["--platform", `${platform}_aarch64`]),
    ]);
    assert.ok(forImage("x64").includes("manylinux_2_34_x86_64"));
  });
});

describe("lockLines", () => {
  it("has each package once, with the hashes of all processors", () => {
    const amd64 = new Map([
      ["tool==1", "b"],
      ["any==2", "c"],
    ]);
    const arm64 = new Map([
      ["tool==1", "a"],
      ["any==2", "c"],
      ["arm-only==3", "d"],
    ]);
    assert.deepEqual(lockLines([amd64, arm64]), [
      "any==2 \\\n    --hash=sha256:c",
      "arm-only==3 \\\n    --hash=sha256:d",
      "tool==1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b",
    ]);
  });
});

describe("kubernetesStandIns", () => {
  it("are the lab's own programs where upstream's images have them", () => {
    const made = kubernetesStandIns("/cache/binaries/0123abcd");
    assert.deepEqual(
      made.map(({ name, layers, config }) => [name, layers.map((layer) => layer.name), config]),
      [
        ["scheduler", ["kube-scheduler"], { User: "65532:65532", Entrypoint: ["/usr/local/bin/kube-scheduler"] }],
        ["pause", ["pause"], { User: "65532:65532", Entrypoint: ["/pause"] }],
      ],
    );
  });

  it("are of the Kubernetes that the lab is built from", () => {
    assert.equal(versionOf("scheduler"), versions.kubernetes);
  });
});
