import assert from "node:assert/strict";
import { type ImageReference, parseReference } from "../../../images/oci/reference.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}` as const;

const good: Readonly<Record<string, ImageReference>> = {
  "docker.io/library/node": { registry: "docker.io", repository: "library/node" },
  "docker.io/library/node:24.1_a-B": { registry: "docker.io", repository: "library/node", tag: "24.1_a-B" },
  "localhost:5001/lab/pause:1": { registry: "localhost:5001", repository: "lab/pause", tag: "1" },
  "[fd00::1]:5000/a": { registry: "[fd00::1]:5000", repository: "a" },
  "[::1]/a": { registry: "[::1]", repository: "a" },
  [`ghcr.io/a/b@${digest}`]: { registry: "ghcr.io", repository: "a/b", digest },
  [`ghcr.io/a/b:v1@${digest}`]: { registry: "ghcr.io", repository: "a/b", tag: "v1", digest },
  "Registry.Example/a.b/c_d/e__f/g-h/i--j": { registry: "Registry.Example", repository: "a.b/c_d/e__f/g-h/i--j" },
  [`r.io/a:${"t".repeat(128)}`]: { registry: "r.io", repository: "a", tag: "t".repeat(128) },
};

const bad: readonly string[] = [
  ...["", "node", "node:24", "/a", "r.io/", "r.io/A", "r.io/a_", "r.io/a___b", "r.io/a..b", "r.io/a//b", "r.io/-a"],
  ...["r.io/a:", "r.io/a:.t", `r.io/a:${"t".repeat(129)}`, "r.io:port/a", "r.io:123456/a", "r.io/a b", "r.io/a\n"],
  ...[`r.io/a@${digest}0`, `r.io/a@${digest.slice(0, -1)}`, `r.io/a@${digest.toUpperCase()}`, `${digest}`],
  ...["r.io/a@sha512:00", `https://r.io/a`, `r.io/a@${digest}:tag`, "user@r.io/a"],
];

describe("parseReference", () => {
  for (const [text, reference] of Object.entries(good)) {
    it(`reads ${text.slice(0, 60)}`, () => assert.deepEqual(parseReference(text), reference));
  }
  for (const text of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.throws(() => parseReference(text), {
        name: "UserError",
        code: "image-reference",
        message: `image reference "${text}" is not of the form host/repository[:tag][@sha256:digest]: write the registry's host out`,
      });
    });
  }
});
