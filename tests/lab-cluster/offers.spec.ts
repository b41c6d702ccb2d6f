import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { findOffers } from "../../lab/cluster/offers.ts";
import { Scratch } from "./environment.ts";

describe("findOffers", () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.usePrograms(true);
    for (const variable of ["LAB_KUBECONFIG", "LAB_CONTEXT", "KUBECONFIG"]) scratch.set(variable, undefined);
  });
  afterEach(() => scratch.restore());

  const machine = { isRoot: process.getuid?.() === 0, isDebian: existsSync("/usr/bin/apt-get") };

  it("finds nothing where nothing is", async () => {
    assert.deepEqual(await findOffers(), {
      kubeconfig: undefined,
      hasKind: false,
      engine: undefined,
      hasGo: false,
      ...machine,
    });
  });

  it("finds kind with an engine that answers, and Go", async () => {
    scratch.program("kind");
    scratch.program("docker", "exit 1");
    scratch.program("podman");
    scratch.program("go");
    assert.deepEqual(await findOffers(), {
      kubeconfig: undefined,
      hasKind: true,
      engine: "podman",
      hasGo: true,
      ...machine,
    });
    assert.deepEqual(scratch.calls(), ["docker info", "podman info"]);
  });

  it("asks no engine where there is no kind, and prefers Docker", async () => {
    scratch.program("docker");
    scratch.program("podman");
    assert.equal((await findOffers()).engine, undefined);
    assert.deepEqual(scratch.calls(), []);
    scratch.program("kind");
    assert.equal((await findOffers()).engine, "docker");
    assert.deepEqual(scratch.calls(), ["docker info"]);
  });

  it("takes LAB_KUBECONFIG, or KUBECONFIG together with LAB_CONTEXT, and no empty ones", async () => {
    const of = async (env: NodeJS.ProcessEnv): Promise<string | undefined> => (await findOffers(env)).kubeconfig;
    assert.deepEqual(
      [
        await of({ LAB_KUBECONFIG: "/lab", KUBECONFIG: "/user", LAB_CONTEXT: "c" }),
        await of({ KUBECONFIG: "/user", LAB_CONTEXT: "c" }),
        await of({ KUBECONFIG: "/user" }),
        await of({ KUBECONFIG: "/user", LAB_CONTEXT: "" }),
        await of({ LAB_CONTEXT: "c" }),
        await of({ LAB_KUBECONFIG: "" }),
      ],
      ["/lab", "/user", undefined, undefined, undefined, undefined],
    );
  });
});
