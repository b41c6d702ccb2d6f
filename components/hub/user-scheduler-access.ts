import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface UserSchedulerAccessArgs {
  readonly namespace: pulumi.Input<string>;
  /** Begins the names of cluster-wide objects. */
  readonly prefix: string;
}

/** Name of the scheduler's account, lease and pods. */
export const USER_SCHEDULER = "user-scheduler";

const LABELS = commonLabels("hub");
const RBAC_GROUP = "rbac.authorization.k8s.io";
/** Kubernetes' own roles of its scheduler: they are right for the cluster's version, whichever that is. */
const clusterRoles = { scheduling: "system:kube-scheduler", volumes: "system:volume-scheduler" } as const;

/** The service account of the notebooks' scheduler, which may do what the cluster's own may, and holds a lease of its own. */
export class UserSchedulerAccess extends Part {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, { namespace, prefix }: UserSchedulerAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:UserSchedulerAccess", name, opts);
    const metadata = { name: USER_SCHEDULER, namespace, labels: LABELS };
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata, automountServiceAccountToken: false },
      this.inside,
    );
    this.serviceAccount = account.metadata.name;
    const subjects = [{ kind: "ServiceAccount", name: this.serviceAccount, namespace }];
    for (const [part, role] of Object.entries(clusterRoles)) {
      const roleRef = { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role };
      const binding = { metadata: { name: `${prefix}-${USER_SCHEDULER}-${part}`, labels: LABELS }, roleRef, subjects };
      new k8s.rbac.v1.ClusterRoleBinding(this.child(part), binding, this.inside);
    }
    const lease = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
    const rules = [
      // No name is known of an object that is not there yet.
      { ...lease, verbs: ["create"] },
      { ...lease, resourceNames: [USER_SCHEDULER], verbs: ["get", "update"] },
    ];
    const role = new k8s.rbac.v1.Role(this.child("lease-role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "Role", name: role.metadata.name };
    new k8s.rbac.v1.RoleBinding(this.child("lease-role-binding"), { metadata, roleRef, subjects }, this.inside);
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }
}
