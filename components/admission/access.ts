import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface AdmissionAccessArgs {
  readonly namespace: pulumi.Input<string>;
  /** Begins the names of cluster-wide objects. */
  readonly prefix: string;
}

const READ = ["get", "list", "watch"];

/** The service account of admission and what it may do: read pods and groups, keep ledgers, nothing else. */
export class AdmissionAccess extends Part {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, { namespace, prefix }: AdmissionAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:admission:AdmissionAccess", name, opts);
    const labels = commonLabels("admission");
    const rbac = k8s.rbac.v1;
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata: { name: "admission", namespace, labels }, automountServiceAccountToken: false },
      this.inside,
    );
    this.serviceAccount = account.metadata.name;
    const subjects = [{ kind: "ServiceAccount", name: this.serviceAccount, namespace }];
    const clusterRole = new rbac.ClusterRole(
      this.child("cluster-role"),
      {
        metadata: { name: `${prefix}-admission`, labels },
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: READ },
          { apiGroups: ["carrel.dev"], resources: ["groups"], verbs: READ },
        ],
      },
      this.inside,
    );
    new rbac.ClusterRoleBinding(
      this.child("cluster-role-binding"),
      {
        metadata: { name: `${prefix}-admission`, labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole.metadata.name },
        subjects,
      },
      this.inside,
    );
    const role = new rbac.Role(
      this.child("role"),
      {
        metadata: { name: "admission", namespace, labels },
        rules: [{ apiGroups: ["carrel.dev"], resources: ["quotaledgers"], verbs: [...READ, "create", "update"] }],
      },
      this.inside,
    );
    new rbac.RoleBinding(
      this.child("role-binding"),
      {
        metadata: { name: "admission", namespace, labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
        subjects,
      },
      this.inside,
    );
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }
}
