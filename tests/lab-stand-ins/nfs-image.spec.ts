import assert from "node:assert/strict";
import { standIns } from "../../lab/stand-ins/images.ts";
import { nfsStandIn } from "../../lab/stand-ins/nfs-image.ts";

describe("nfsStandIn", () => {
  it("is Debian's Ganesha as root, where file systems can be found", () => {
    const { name, layers, content, config } = nfsStandIn;
    assert.deepEqual([name, layers.map((layer) => layer.name)], ["nfsGanesha", ["debian", "nfs-ganesha"]]);
    assert.deepEqual(content.links, [{ path: "/etc/mtab", target: "../proc/self/mounts" }]);
    assert.deepEqual([config.User, config.Entrypoint], ["0:0", ["ganesha.nfsd"]]);
  });

  it("is not built for every lab", () => {
    assert.deepEqual(
      standIns.filter((each) => each.name === "nfsGanesha"),
      [],
    );
  });
});
