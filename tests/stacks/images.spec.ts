import assert from "node:assert/strict";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { type ServiceImages, serviceImages } from "../../stacks/images.ts";
import { FakeRegistry, Folders, pushBase, writesOf } from "../images/support.ts";
import { record } from "../support/mocks.ts";
import { settings } from "./support.ts";

const projectRoot = join(import.meta.dirname, "..", "..");
const services = ["admission", "controllers", "api", "ssh"] as const satisfies readonly (keyof ServiceImages)[];
type Service = (typeof services)[number];

const told = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((tell) => void output.apply(tell));

describe("serviceImages", () => {
  let registry: FakeRegistry;
  const folders = new Folders();
  beforeEach(async () => {
    registry = await FakeRegistry.start();
  });
  afterEach(() => registry.http.close());
  after(() => folders.remove());

  interface Run {
    readonly root: string;
    readonly base: string;
    readonly preview?: boolean;
    readonly asked: readonly Service[];
  }

  /** Runs the program's part about images on one copy of the services, and answers the references that it asked for. */
  async function run({ root, base, preview = false, asked }: Run): Promise<string[]> {
    const images = { registry: registry.host, repositoryPrefix: "library", base, plainHttp: true };
    const imageMirror = { ...settings.imageMirror, rules: [], onMissing: "keep" as const };
    const origin = { root, version: "1.2.3", license: "Apache-2.0", source: "https://carrel.test/source" };
    const { resources, built } = await record(
      () => {
        const made = serviceImages({ ...settings, images, imageMirror }, origin);
        return Promise.all(asked.map((name) => told(made[name]())));
      },
      { preview },
    );
    assert.deepEqual(resources, []);
    return built;
  }

  /** Repositories that something was pushed to. */
  const pushedTo = (since: number): string[] => [
    ...new Set(writesOf(registry, since).flatMap((request) => /\/v2\/(library\/[a-z]+)\//.exec(request)?.[1] ?? [])),
  ];

  it("computes the digest in a preview and pushes nothing; an update pushes that very image", async () => {
    const { base } = await pushBase(registry);
    const root = folders.makeProject();
    const before = registry.asked().length;
    const [planned] = await run({ root, base, preview: true, asked: ["admission"] });
    assert.deepEqual(writesOf(registry, before), []);
    const [pushed = ""] = await run({ root, base, asked: ["admission"] });
    assert.equal(pushed, planned);
    const [name, digest] = pushed.split("@");
    assert.equal(name, `${registry.host}/library/admission`);
    assert.ok(registry.manifests.has(`library/admission@${digest}`), "the image was not pushed");
  });

  it("has an image of each service, in a repository of its name", async () => {
    const { base } = await pushBase(registry);
    const references = await run({ root: projectRoot, base, asked: services });
    assert.deepEqual(
      references.map((reference) => reference.replace(/@sha256:[0-9a-f]{64}$/, "@")),
      services.map((name) => `${registry.host}/library/${name}@`),
    );
    assert.equal(new Set(references.map((reference) => reference.split("@")[1])).size, services.length);
    for (const reference of references) {
      const key = reference.slice(`${registry.host}/`.length);
      assert.ok(registry.manifests.has(key), `${key} was not pushed`);
    }
  });

  it("builds and pushes what is asked for, once, and nothing else", async () => {
    const { base } = await pushBase(registry);
    // Without packages, which other services cannot be built of.
    const root = folders.makeProject();
    const before = registry.asked().length;
    const [first, again] = await run({ root, base, asked: ["admission", "admission"] });
    assert.equal(first, again);
    assert.deepEqual(pushedTo(before), ["library/admission"]);
    const manifests = registry
      .asked()
      .filter((request) => request === `PUT /v2/library/admission/manifests/${first?.split("@")[1]}`);
    assert.equal(manifests.length, 1);
  });
});
