import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface ApiAccessArgs {
  readonly namespace: pulumi.Input<string>;
  /** Where volumes are. */
  readonly workNamespace: pulumi.Input<string>;
  /** Begins the names of cluster-wide objects. */
  readonly prefix: string;
}

const READ = ["get", "list", "watch"];
const LABELS = commonLabels("api");
const RBAC_GROUP = "rbac.authorization.k8s.io";

type Subject = k8s.types.input.rbac.v1.Subject;

/** The service account of the API and what it may do: read pods, groups, instance types and images, and the volumes of one namespace. */
export class ApiAccess extends Part {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(
    name: string,
    { namespace, workNamespace, prefix }: ApiAccessArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("carrel:api:ApiAccess", name, opts);
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata: { name: "api", namespace, labels: LABELS }, automountServiceAccountToken: false },
      this.inside,
    );
    this.serviceAccount = account.metadata.name;
    const subjects = [{ kind: "ServiceAccount", name: this.serviceAccount, namespace }];
    this.#readCluster({ name: `${prefix}-api`, labels: LABELS }, subjects);
    this.#readVolumes({ name: "api", namespace: workNamespace, labels: LABELS }, subjects);
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }

  #readCluster(metadata: k8s.types.input.meta.v1.ObjectMeta, subjects: Subject[]): void {
    const rules = [
      { apiGroups: [""], resources: ["pods"], verbs: READ },
      { apiGroups: ["carrel.dev"], resources: ["groups", "instancetypes", "images"], verbs: READ },
    ];
    const role = new k8s.rbac.v1.ClusterRole(this.child("cluster-role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role.metadata.name };
    const args = { metadata, roleRef, subjects };
    new k8s.rbac.v1.ClusterRoleBinding(this.child("cluster-role-binding"), args, this.inside);
  }

  #readVolumes(metadata: k8s.types.input.meta.v1.ObjectMeta, subjects: Subject[]): void {
    const rules = [{ apiGroups: ["carrel.dev"], resources: ["volumes"], verbs: READ }];
    const role = new k8s.rbac.v1.Role(this.child("role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "Role", name: role.metadata.name };
    new k8s.rbac.v1.RoleBinding(this.child("role-binding"), { metadata, roleRef, subjects }, this.inside);
  }
}
