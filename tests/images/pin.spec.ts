import assert from "node:assert/strict";
import { catalogue, type ImageLock, imageNames } from "../../images/catalogue.ts";
import { pinImages } from "../../images/pin.ts";

const digest = (letters: string) => `sha256:${letters.repeat(32)}` as const;
const { reference } = catalogue.keycloak;
const silent = async (): Promise<never> => {
  throw new Error("no route to host");
};

describe("pinImages", () => {
  it("takes the digest of every tag from its registry, and says when", async () => {
    const asked: string[] = [];
    const lock = await pinImages(
      {},
      async ({ registry, repository, tag }) => {
        asked.push(`${registry}/${repository}:${tag}`);
        return digest("ab");
      },
      "2026-11-21",
    );
    assert.deepEqual(
      asked,
      imageNames.map((name) => catalogue[name].reference),
    );
    assert.deepEqual(Object.keys(lock), imageNames);
    assert.deepEqual(lock.keycloak, { reference, digest: digest("ab"), source: "quay.io on 2026-11-21" });
  });

  it("keeps what is known where nobody answers", async () => {
    const known = { reference, digest: digest("cd"), source: "a list of its maker's" };
    assert.deepEqual((await pinImages({ keycloak: known }, silent, "2026-11-21")).keycloak, known);
  });

  it("says why there is none, and takes no digest of another version", async () => {
    const none = { reference, digest: null, source: "not resolved: no route to host" };
    const locks: ImageLock[] = [
      {},
      { keycloak: { reference, digest: null, source: "not resolved: earlier" } },
      { keycloak: { reference: `${reference}-old`, digest: digest("cd"), source: "a registry" } },
    ];
    for (const lock of locks) assert.deepEqual((await pinImages(lock, silent, "2026-11-21")).keycloak, none);
  });
});
