import assert from "node:assert/strict";
import type { LinkState } from "../../lab/platform/first-admin.ts";
import { type Entrance, greetingText } from "../../lab/platform/greeting.ts";

const lab = { labName: "dev", kubeconfig: "/s/config", context: "carrel-dev", kubectl: "/s/kubectl" };
const tail = `  cluster   carrel-dev: export KUBECONFIG=/s/config
  try it    /s/kubectl apply -f examples/first-group/
  look      make status
  stop      make down
`;
const entrance = (state: LinkState): Entrance => ({
  hub: "https://carrel.localhost:8443",
  authorityFile: "/s/ca.crt",
  ssh: { host: "carrel.localhost", port: 2222, fingerprint: "SHA256:abc" },
  firstAdmin: { link: "https://carrel.localhost:8443/welcome/first?token=t", state },
});
const known = `  trust     /s/ca.crt is the platform's authority: have your browser trust it
  ssh       ssh -p 2222 USER@carrel.localhost (host key SHA256:abc)
`;

describe("greetingText", () => {
  it("names the cluster alone where the platform has no public names", () => {
    assert.equal(greetingText(lab), `\nCarrel is up.\n${tail}`);
    assert.equal(
      greetingText({ ...lab, labName: "second" }),
      `\nCarrel is up.\n${tail.replaceAll("make", "LAB_NAME=second make")}`,
    );
  });

  it("has the first administrator's link while nobody has used it", () => {
    assert.equal(
      greetingText({ ...lab, entrance: entrance("valid") }),
      `
Carrel is up.
  open      https://carrel.localhost:8443
  begin     https://carrel.localhost:8443/welcome/first?token=t makes you the first administrator: once, so keep it to yourself
${known}${tail}`,
    );
  });

  it("does not have it once there is an administrator, nor when nobody can tell", () => {
    assert.equal(
      greetingText({ ...lab, entrance: entrance("used") }),
      `\nCarrel is up.\n  open      https://carrel.localhost:8443\n${known}${tail}`,
    );
    const text = greetingText({ ...lab, entrance: entrance({ unknown: "https://h answered with 503" }) });
    assert.equal(
      text,
      `
Carrel is up.
  open      https://carrel.localhost:8443
  begin     whether there is an administrator is unknown (https://h answered with 503): \`make up\` asks again
${known}${tail}`,
    );
  });

  it("names of the entrance what there is", () => {
    const ssh = { host: "h", port: 22, fingerprint: "SHA256:abc" };
    assert.equal(
      greetingText({ ...lab, entrance: { ssh } }),
      `\nCarrel is up.\n  ssh       ssh USER@h (host key SHA256:abc)\n${tail}`,
    );
    assert.equal(greetingText({ ...lab, entrance: {} }), `\nCarrel is up.\n${tail}`);
  });
});
