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
const LABELS = commonLabels("admission");
const RBAC_GROUP = "rbac.authorization.k8s.io";

type Subject = k8s.types.input.rbac.v1.Subject;

/** The service account of admission and what it may do: read pods, groups and PodDefaults, say what it cannot use and why pods are refused, keep ledgers. */
export class AdmissionAccess extends Part {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, { namespace, prefix }: AdmissionAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:admission:AdmissionAccess", name, opts);
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata: { name: "admission", namespace, labels: LABELS }, automountServiceAccountToken: false },
      this.inside,
    );
    this.serviceAccount = account.metadata.name;
    const subjects = [{ kind: "ServiceAccount", name: this.serviceAccount, namespace }];
    this.#readCluster({ name: `${prefix}-admission`, labels: LABELS }, subjects);
    this.#keepLedgers({ name: "admission", namespace, labels: LABELS }, subjects);
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }

  #readCluster(metadata: k8s.types.input.meta.v1.ObjectMeta, subjects: Subject[]): void {
    const rules = [
      { apiGroups: [""], resources: ["pods"], verbs: READ },
      { apiGroups: ["carrel.dev"], resources: ["groups"], verbs: READ },
      { apiGroups: ["kubeflow.org"], resources: ["poddefaults"], verbs: READ },
      { apiGroups: ["kubeflow.org"], resources: ["poddefaults/status"], verbs: ["patch"] },
      { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
    ];
    const role = new k8s.rbac.v1.ClusterRole(this.child("cluster-role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role.metadata.name };
    const args = { metadata, roleRef, subjects };
    new k8s.rbac.v1.ClusterRoleBinding(this.child("cluster-role-binding"), args, this.inside);
  }

  #keepLedgers(metadata: k8s.types.input.meta.v1.ObjectMeta, subjects: Subject[]): void {
    const verbs = [...READ, "create", "update", "delete"];
    const rules = [{ apiGroups: ["carrel.dev"], resources: ["quotaledgers"], verbs }];
    const role = new k8s.rbac.v1.Role(this.child("role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "Role", name: role.metadata.name };
    new k8s.rbac.v1.RoleBinding(this.child("role-binding"), { metadata, roleRef, subjects }, this.inside);
  }
}
