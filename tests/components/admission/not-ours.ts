/** What keeps the webhooks of a platform named `library` out of its own namespaces, and out of Kubernetes' own. */
export const notOurs = {
  key: "kubernetes.io/metadata.name",
  operator: "NotIn",
  values: [
    "library-system",
    "library-identity",
    "library-hub",
    "library-storage",
    "library-monitoring",
    "library-energy",
    "library-gateway",
    "kube-system",
    "kube-node-lease",
    "kube-public",
  ],
};
