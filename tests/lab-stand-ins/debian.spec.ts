import assert from "node:assert/strict";
import { installedBy } from "../../lab/stand-ins/debian.ts";

describe("installedBy", () => {
  it("names what would be installed with its version, without what only installers need", () => {
    const simulation = `NOTE: This is only a simulation!
Reading package lists...
The following NEW packages will be installed:
  bash libc6 perl-base
Inst libc6 (2.36-9+deb12u13 Debian:12.15/oldstable [amd64]) []
Inst perl-base (5.36.0-7+deb12u3 Debian:12.15/oldstable [amd64])
Inst bash [5.2.14] (1:5.2.15-2+b10 Debian:12.15/oldstable, Debian-Security:12 [amd64])
Conf libc6 (2.36-9+deb12u13 Debian:12.15/oldstable [amd64])
`;
    assert.deepEqual(installedBy(simulation), ["bash=1:5.2.15-2+b10", "libc6=2.36-9+deb12u13"]);
  });
});
