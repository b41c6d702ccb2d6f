import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Invitations } from "../../../../services/api/welcome/invitations.ts";
import { setUpWelcome, type WelcomeParts } from "../../../../services/api/welcome/setup.ts";
import { systemClock } from "../../../../services/lib/clock.ts";
import { UserError } from "../../../../services/lib/user-error.ts";
import { quiet } from "../cluster.ts";
import { keycloak, PUBLIC_URL, welcomeDir } from "../library.ts";

const folders: string[] = [];
const folder = (hasSecrets = true): string => {
  const made = welcomeDir(hasSecrets);
  folders.push(made);
  return made;
};
const directory = { person: async () => undefined, group: async () => undefined };
const set = (dir: string, publicUrl?: string): WelcomeParts | undefined =>
  setUpWelcome({
    ...{ welcomeDir: dir, publicUrl, client: keycloak(), directory, clock: systemClock, log: quiet },
    displayName: (group) => group,
  });

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.message;
  }
  return "none";
}

describe("setUpWelcome", () => {
  afterEach(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  });

  it("sets nothing up where there are no secrets", () => {
    assert.equal(set(folder(false), PUBLIC_URL), undefined);
    assert.equal(set(join(folder(false), "none")), undefined);
  });

  it("needs to know where links lead", () => {
    const dir = folder();
    const problem = `PUBLIC_URL is not set, and ${dir} has secrets: give the origin of the links`;
    assert.equal(
      problemOf(() => set(dir)),
      problem,
    );
  });

  for (const file of ["first-admin-hash", "invitation-key"] as const) {
    it(`refuses a folder without ${file}, or with a wrong one`, () => {
      const dir = folder();
      writeFileSync(join(dir, file), "abc");
      const wrong = `${join(dir, file)} must be 64 hexadecimal digits, it has 3 characters`;
      assert.equal(
        problemOf(() => set(dir, PUBLIC_URL)),
        wrong,
      );
      rmSync(join(dir, file));
      const missing = `${join(dir, file)} is missing: mount both, or neither`;
      assert.equal(
        problemOf(() => set(dir, PUBLIC_URL)),
        missing,
      );
    });
  }

  it("signs with the key that is there at the moment", () => {
    const dir = folder();
    const parts = set(dir, PUBLIC_URL);
    writeFileSync(join(dir, "invitation-key"), "7a".repeat(32));
    const made = parts?.invitations.make({ group: "physics", inviter: "ada", email: undefined, days: 1 });
    const token = new URL(made?.url ?? "").searchParams.get("token") ?? "";
    const key = () => Buffer.alloc(32, 0x7a);
    assert.equal(new Invitations({ key, publicUrl: PUBLIC_URL, clock: systemClock }).read(token).ok, true);
  });
});
