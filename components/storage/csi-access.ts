import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface CsiAccessArgs {
  /** Of names that the whole cluster shares. */
  readonly prefix: string;
  readonly namespace: pulumi.Input<string>;
}

type Rule = k8s.types.input.rbac.v1.PolicyRule;

const watch = ["get", "list", "watch"];
const rule = (apiGroup: string, resource: string, verbs: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs,
});

/** What the provisioner and the resizer need for volumes without snapshots and secrets. */
const rules: Rule[] = [
  rule("", "persistentvolumes", [...watch, "create", "update", "patch", "delete"]),
  rule("", "persistentvolumeclaims", [...watch, "update"]),
  rule("", "persistentvolumeclaims/status", ["update", "patch"]),
  rule("", "events", [...watch, "create", "update", "patch"]),
  rule("", "nodes", watch),
  rule("storage.k8s.io", "storageclasses", watch),
  rule("storage.k8s.io", "csinodes", watch),
];
/** Of the namespace alone: who of several controllers works. */
const ownRules: Rule[] = [rule("coordination.k8s.io", "leases", [...watch, "create", "update", "patch"])];

/** Accounts of the NFS driver. The one on the nodes may do nothing in the cluster. */
export class CsiAccess extends Part {
  readonly controller: pulumi.Output<string>;
  readonly node: pulumi.Output<string>;

  constructor(name: string, args: CsiAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:storage:CsiAccess", name, opts);
    const labels = commonLabels("storage");
    const { namespace } = args;
    const account = (part: "controller" | "node"): pulumi.Output<string> =>
      new k8s.core.v1.ServiceAccount(
        this.child(part),
        { metadata: { name: `nfs-${part}`, namespace, labels }, automountServiceAccountToken: false },
        this.inside,
      ).metadata.name;
    this.controller = account("controller");
    this.node = account("node");
    const subjects = [{ kind: "ServiceAccount", name: this.controller, namespace }];
    const everywhere = { name: `${args.prefix}-nfs-controller`, labels };
    const role = new k8s.rbac.v1.ClusterRole(this.child("cluster-role"), { metadata: everywhere, rules }, this.inside);
    new k8s.rbac.v1.ClusterRoleBinding(
      this.child("cluster-role-binding"),
      { metadata: everywhere, subjects, roleRef: this.#reference("ClusterRole", role.metadata.name) },
      this.inside,
    );
    const here = { name: "nfs-controller", namespace, labels };
    const own = new k8s.rbac.v1.Role(this.child("role"), { metadata: here, rules: ownRules }, this.inside);
    new k8s.rbac.v1.RoleBinding(
      this.child("role-binding"),
      { metadata: here, subjects, roleRef: this.#reference("Role", own.metadata.name) },
      this.inside,
    );
    this.registerOutputs({ controller: this.controller, node: this.node });
  }

  #reference(kind: string, name: pulumi.Input<string>): k8s.types.input.rbac.v1.RoleRef {
    return { apiGroup: "rbac.authorization.k8s.io", kind, name };
  }
}
