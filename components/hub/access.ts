import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";
import { HUB } from "./peers.ts";

export interface HubAccessArgs {
  readonly namespace: pulumi.Input<string>;
  /** Where notebook servers and homes are. */
  readonly workNamespace: pulumi.Input<string>;
}

const LABELS = commonLabels("hub");
const RBAC_GROUP = "rbac.authorization.k8s.io";

/**
 * The service account of the hub and what it may do: start, watch and stop pods of one namespace, read what they wrote when
 * they did not come up, and make homes there.
 * It cannot delete a home, nor read a Secret.
 */
export class HubAccess extends Part {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, { namespace, workNamespace }: HubAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:HubAccess", name, opts);
    const account = new k8s.core.v1.ServiceAccount(
      this.child("account"),
      { metadata: { name: HUB, namespace, labels: LABELS }, automountServiceAccountToken: false },
      this.inside,
    );
    this.serviceAccount = account.metadata.name;
    const metadata = { name: HUB, namespace: workNamespace, labels: LABELS };
    const rules = [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["get", "create"] },
      { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
    ];
    const role = new k8s.rbac.v1.Role(this.child("role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "Role", name: role.metadata.name };
    const subjects = [{ kind: "ServiceAccount", name: this.serviceAccount, namespace }];
    new k8s.rbac.v1.RoleBinding(this.child("role-binding"), { metadata, roleRef, subjects }, this.inside);
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }
}
