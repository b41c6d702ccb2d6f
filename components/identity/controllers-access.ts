import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface ControllersAccessArgs {
  readonly namespace: pulumi.Input<string>;
  /** Where volumes and their claims are. */
  readonly workNamespace: pulumi.Input<string>;
  /** Begins the names of cluster-wide objects. */
  readonly prefix: string;
}

const READ = ["get", "list", "watch"];
const LABELS = commonLabels("identity");
const RBAC_GROUP = "rbac.authorization.k8s.io";
/** Where the realm's condition is told. */
const REALM_STATUS = "carrel-realm";
const tellEvents = { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] };

type Subject = k8s.types.input.rbac.v1.Subject;
type PolicyRule = k8s.types.input.rbac.v1.PolicyRule;

const clusterRules: PolicyRule[] = [
  { apiGroups: ["carrel.dev"], resources: ["groups", "images", "instancetypes"], verbs: READ },
  { apiGroups: ["carrel.dev"], resources: ["groups/status"], verbs: ["patch"] },
];

const reportRules: PolicyRule[] = [
  // It is applied by its name, so that `create` can be limited to it too.
  { apiGroups: [""], resources: ["configmaps"], resourceNames: [REALM_STATUS], verbs: ["get", "create", "patch"] },
  tellEvents,
];

const workRules: PolicyRule[] = [
  { apiGroups: ["carrel.dev"], resources: ["volumes"], verbs: READ },
  { apiGroups: ["carrel.dev"], resources: ["volumes/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...READ, "create", "patch"] },
  tellEvents,
];

/**
 * The service account of the controllers and what it may do: read groups, images, instance types and volumes, say of
 * groups, volumes and the realm how they are, and make and grow the claims of volumes in one namespace.
 */
export class ControllersAccess extends Part {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, args: ControllersAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:identity:ControllersAccess", name, opts);
    const { namespace, workNamespace, prefix } = args;
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata: { name: "controllers", namespace, labels: LABELS }, automountServiceAccountToken: false },
      this.inside,
    );
    this.serviceAccount = account.metadata.name;
    const subjects = [{ kind: "ServiceAccount", name: this.serviceAccount, namespace }];
    this.#everywhere({ name: `${prefix}-controllers`, labels: LABELS }, subjects);
    this.#within("report", { name: "controllers", namespace, labels: LABELS }, reportRules, subjects);
    this.#within("work", { name: "controllers", namespace: workNamespace, labels: LABELS }, workRules, subjects);
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }

  #everywhere(metadata: k8s.types.input.meta.v1.ObjectMeta, subjects: Subject[]): void {
    const role = new k8s.rbac.v1.ClusterRole(
      this.child("cluster-role"),
      { metadata, rules: clusterRules },
      this.inside,
    );
    const roleRef = { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role.metadata.name };
    const args = { metadata, roleRef, subjects };
    new k8s.rbac.v1.ClusterRoleBinding(this.child("cluster-role-binding"), args, this.inside);
  }

  #within(part: string, metadata: k8s.types.input.meta.v1.ObjectMeta, rules: PolicyRule[], subjects: Subject[]): void {
    const role = new k8s.rbac.v1.Role(this.child(`${part}-role`), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "Role", name: role.metadata.name };
    new k8s.rbac.v1.RoleBinding(this.child(`${part}-role-binding`), { metadata, roleRef, subjects }, this.inside);
  }
}
