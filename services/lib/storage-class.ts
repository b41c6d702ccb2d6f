/** Provisioners whose volumes are a part of one node: their pods start there or nowhere. */
const ofOneNode: readonly string[] = [
  "carrel.dev/lab-local",
  "docker.io/hostpath",
  "hostpath.csi.k8s.io",
  "k8s.io/minikube-hostpath",
  "kubernetes.io/host-path",
  "kubernetes.io/no-provisioner",
  "local.csi.openebs.io",
  "microk8s.io/hostpath",
  "openebs.io/local",
  "rancher.io/local-path",
  "topolvm.cybozu.com",
  "topolvm.io",
  "zfs.csi.openebs.io",
];

/** Whether a StorageClass of this provisioner keeps a volume on one node. One that is not known is taken to be of a network. */
export const isOfOneNode = (provisioner: string): boolean => ofOneNode.includes(provisioner);
