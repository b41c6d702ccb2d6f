import assert from "node:assert/strict";
import { imageProblems } from "../../policies/rules/image-by-digest.ts";
import { secretEnvProblems } from "../../policies/rules/secret-not-in-env.ts";
import { DIGEST, goodPodSpec, pod } from "./subjects.ts";

describe("image-by-digest", () => {
  const ofImage = (image?: string) =>
    pod({ containers: [{ name: "main", ...(image === undefined ? {} : { image }) }] });
  const check = (image: string | undefined, allowTags: readonly string[] = []) => [
    ...imageProblems(ofImage(image), allowTags),
  ];
  const message = (given: string, repository: string): string =>
    `Pod "it", container "main": image is ${given}: ` +
    `write ${repository}@sha256: and the 64 hexadecimal digits of its digest`;

  it("takes a digest, with or without a tag, in every container", () => {
    assert.deepEqual([...imageProblems(pod(goodPodSpec), [])], []);
    assert.deepEqual(check(`nginx:1.29@${DIGEST}`), []);
  });

  const bad: [string, string | undefined, string][] = [
    ["a tag", "nginx:1.29", "nginx"],
    ["no tag", "docker.io/library/nginx", "docker.io/library/nginx"],
    ["a tag in a registry with a port", "registry.lab:5000/carrel/hub:1", "registry.lab:5000/carrel/hub"],
    ["a port and no tag", "registry.lab:5000/hub", "registry.lab:5000/hub"],
    ["a digest that is cut short", "nginx@sha256:abc", "nginx"],
    ["a digest with more after it", `nginx@${DIGEST}0`, "nginx"],
    ["another algorithm", `nginx@sha512:${"0".repeat(64)}`, "nginx"],
  ];
  for (const [title, image, repository] of bad) {
    it(`refuses ${title}`, () => assert.deepEqual(check(image), [message(JSON.stringify(image), repository)]));
  }

  it("refuses a container without an image", () => {
    assert.deepEqual(check(undefined), [message("not stated", "REPOSITORY")]);
  });

  it("refuses in init containers", () => {
    const good = { name: "good", image: `a@${DIGEST}` };
    const given = pod({
      initContainers: [good, { name: "first", image: "a" }],
      containers: [good, { name: "b", image: "c" }],
    });
    assert.deepEqual(
      [...imageProblems(given, [])].map((problem) => String(problem).split(":")[0]),
      ['Pod "it", init container "first"', 'Pod "it", container "b"'],
    );
  });

  const covered: [string, string][] = [
    ["registry.lab:5000/carrel", "registry.lab:5000/carrel/hub:1"],
    ["registry.lab:5000/carrel/", "registry.lab:5000/carrel/hub:1"],
    ["registry.lab:5000/carrel", "registry.lab:5000/carrel:1"],
    ["registry.lab:5000", "registry.lab:5000/carrel/hub"],
  ];
  for (const [prefix, image] of covered) {
    it(`only advises against ${image} where allowTags has ${prefix}`, () => {
      const repository = image.replace(/:1$/, "");
      assert.deepEqual(check(image, ["other", prefix]), [{ advice: message(JSON.stringify(image), repository) }]);
    });
  }

  it("ends a prefix where a path segment ends", () => {
    assert.deepEqual(check("ghcr.io/acme-evil/x:1", ["ghcr.io/acme"]), [
      message('"ghcr.io/acme-evil/x:1"', "ghcr.io/acme-evil/x"),
    ]);
  });
});

describe("secret-not-in-env", () => {
  const ofVariables = (...env: object[]) => pod({ containers: [{ name: "main", env }] });
  const check = (env: object, allow: readonly string[] = []) => [...secretEnvProblems(ofVariables(env), allow)];
  const message = (name: string): string =>
    `Pod "it", container "main": variable ${name} has a literal value: ` +
    "take it from a Secret by valueFrom.secretKeyRef, or mount a file";

  for (const name of ["DB_PASSWORD", "CLIENT_SECRET", "CONFIGPROXY_AUTH_TOKEN", "API_KEY", "APIKEY", "apiKey"]) {
    it(`refuses a literal ${name} and does not show it`, () => {
      assert.deepEqual(check({ name, value: "hunter2" }), [message(name)]);
    });
  }

  const good: [string, object][] = [
    ["a reference to a Secret", { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }],
    ["a name that sounds of no secret", { name: "LOG_LEVEL", value: "debug" }],
    ["the path of a file with a secret", { name: "TOKEN_FILE", value: "/run/secrets/token" }],
    ["the path of a folder of secrets", { name: "SECRETS_DIR", value: "/run/secrets" }],
    ["the page where people make a token", { name: "TOKEN_URL", value: "https://notebooks.example/hub/token" }],
    ["a nameless variable", { value: "debug" }],
  ];
  for (const [title, env] of good) {
    it(`takes ${title}`, () => assert.deepEqual(check(env), []));
  }

  it("refuses a secret that only calls itself a file, and one in a URL", () => {
    assert.deepEqual(check({ name: "TOKEN_FILE", value: "hunter2" }), [message("TOKEN_FILE")]);
    assert.deepEqual(check({ name: "TOKEN", value: "/run/secrets/token" }), [message("TOKEN")]);
    for (const value of ["https://ada:hunter2@a.example/", "https://a.example/?token=hunter2", "hunter2"])
      assert.deepEqual(check({ name: "TOKEN_URL", value }), [message("TOKEN_URL")]);
  });

  it("lets go the variables of `allow` only", () => {
    assert.deepEqual(check({ name: "TOKEN_TTL", value: "60" }, ["TOKEN_TTL"]), []);
    assert.deepEqual(check({ name: "TOKEN_TTL", value: "60" }, ["TOKEN"]), [message("TOKEN_TTL")]);
  });

  it("refuses each of several, in init containers too", () => {
    const env = [
      { name: "LOG_LEVEL", value: "debug" },
      { name: "A_TOKEN", value: "a" },
      { name: "TOKEN_FILE", value: "/run/token" },
      { name: "B_TOKEN", value: "b" },
    ];
    const given = pod({ initContainers: [{ name: "first", env }], containers: [] });
    assert.deepEqual(
      [...secretEnvProblems(given, [])].map((problem) => problem.split(" has ")[0]),
      ['Pod "it", init container "first": variable A_TOKEN', 'Pod "it", init container "first": variable B_TOKEN'],
    );
  });
});
