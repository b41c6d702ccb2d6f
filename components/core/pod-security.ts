/** The numeric user of our images (images/node-base.ts); the kubelet cannot check a name. */
export const NONROOT_UID = 65532;

/** What Pod Security `restricted` asks of a pod. */
export const restrictedPod = {
  runAsNonRoot: true,
  runAsUser: NONROOT_UID,
  runAsGroup: NONROOT_UID,
  fsGroup: NONROOT_UID,
  seccompProfile: { type: "RuntimeDefault" },
};

/** What Pod Security `restricted` asks of a container, and a root filesystem that nobody writes to. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
