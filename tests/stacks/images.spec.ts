import assert from "node:assert/strict";
import { serviceImages } from "../../stacks/images.ts";
import { FakeRegistry, Folders, pushBase, writesOf } from "../images/support.ts";
import { record } from "../support/mocks.ts";
import { settings } from "./support.ts";

describe("serviceImages", () => {
  let registry: FakeRegistry;
  const folders = new Folders();
  beforeEach(async () => {
    registry = await FakeRegistry.start();
  });
  afterEach(() => registry.http.close());
  after(() => folders.remove());

  /** Runs the program's part about images on one copy of the services, and answers the reference of admission. */
  async function run(root: string, base: string, preview: boolean): Promise<string> {
    const images = { registry: registry.host, repositoryPrefix: "library", base, plainHttp: true };
    const imageMirror = { ...settings.imageMirror, rules: [], onMissing: "keep" as const };
    const origin = { root, version: "1.2.3", license: "Apache-2.0", source: "https://carrel.test/source" };
    const { resources, built } = await record(
      () =>
        new Promise<string>((resolve) => {
          serviceImages({ ...settings, images, imageMirror }, origin).admission.apply(resolve);
        }),
      { preview },
    );
    assert.deepEqual(resources, []);
    return built;
  }

  it("computes the digest in a preview and pushes nothing; an update pushes that very image", async () => {
    const { base } = await pushBase(registry);
    const root = folders.makeProject();
    const before = registry.asked().length;
    const planned = await run(root, base, true);
    assert.deepEqual(writesOf(registry, before), []);
    const pushed = await run(root, base, false);
    assert.equal(pushed, planned);
    const [name, digest] = pushed.split("@");
    assert.equal(name, `${registry.host}/library/admission`);
    assert.ok(registry.manifests.has(`library/admission@${digest}`), "the image was not pushed");
  });
});
