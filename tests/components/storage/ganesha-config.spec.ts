import assert from "node:assert/strict";
import {
  ganeshaConfig,
  NFS_PORT,
  RECOVERY_DIR,
  SHARE_DIR,
  VOLUME_DIR,
} from "../../../components/storage/ganesha-config.ts";

/** The settings of a configuration without its comments, block by block. */
const settings = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("ganeshaConfig", () => {
  it("exports one folder of the volume over NFS 4 on TCP, to the nodes alone", () => {
    assert.deepEqual(settings(ganeshaConfig(["192.0.2.0/28", "10.244.0.0/16"])), [
      ...["NFS_CORE_PARAM {", "Protocols = 4;", "NFS_Port = 2049;"],
      ...["Enable_NLM = false;", "Enable_RQUOTA = false;", "Enable_UDP = false;", "fsid_device = false;", "}"],
      ...["NFSv4 {", "Only_Numeric_Owners = true;", "RecoveryBackend = fs;", "RecoveryRoot = /export/recovery;"],
      ...["Lease_Lifetime = 60;", "Grace_Period = 90;", "}", "LOG {", "Default_Log_Level = EVENT;", "}"],
      ...["EXPORT {", "Export_Id = 1;", "Path = /export/share;", "Pseudo = /;", "Protocols = 4;", "Transports = TCP;"],
      ...["SecType = sys;", "Filesystem_Id = 1.1;", "Access_Type = None;", "FSAL {", "Name = VFS;", "}"],
      ...["CLIENT {", "Clients = 192.0.2.0/28, 10.244.0.0/16;", "Protocols = 4;", "Access_Type = RW;"],
      ...["Squash = No_Root_Squash;", "}", "}"],
    ]);
  });

  it("keeps the server's own state outside of what it exports", () => {
    assert.deepEqual(
      [NFS_PORT, VOLUME_DIR, SHARE_DIR, RECOVERY_DIR],
      [...[2049, "/export", "/export/share", "/export/recovery"]],
    );
  });
});
