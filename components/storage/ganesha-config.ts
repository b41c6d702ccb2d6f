export const NFS_PORT = 2049;
/** Where the server's volume is mounted, and what of it is exported. The rest is the server's own. */
export const VOLUME_DIR = "/export";
export const SHARE_DIR = `${VOLUME_DIR}/share`;
export const RECOVERY_DIR = `${VOLUME_DIR}/recovery`;

// File handles outlive a restart on another node, where the disk has another number: fsid_device.
// A client gets back what it had open when the server restarts: RecoveryBackend.
const server = `NFS_CORE_PARAM {
  Protocols = 4;
  NFS_Port = ${NFS_PORT};
  Enable_NLM = false;
  Enable_RQUOTA = false;
  Enable_UDP = false;
  fsid_device = false;
}
NFSv4 {
  Only_Numeric_Owners = true;
  RecoveryBackend = fs;
  RecoveryRoot = ${RECOVERY_DIR};
  Lease_Lifetime = 60;
  Grace_Period = 90;
}
LOG {
  Default_Log_Level = EVENT;
}
`;

/**
 * Configuration of NFS-Ganesha 4: one export at `/`, over NFS 4 on TCP alone.
 * @param clients ranges of the nodes; nobody else is let in
 */
export function ganeshaConfig(clients: readonly string[]): string {
  return `${server}EXPORT {
  Export_Id = 1;
  Path = ${SHARE_DIR};
  Pseudo = /;
  Protocols = 4;
  Transports = TCP;
  SecType = sys;
  Filesystem_Id = 1.1;
  Access_Type = None;
  FSAL {
    Name = VFS;
  }
  CLIENT {
    Clients = ${clients.join(", ")};
    Protocols = 4;
    Access_Type = RW;
    # The kubelet gives a volume to its pods' fsGroup, as root of its node. Pods of users are never root.
    Squash = No_Root_Squash;
  }
}
`;
}
