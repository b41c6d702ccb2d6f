import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface ImagePullerArgs {
  /** Where its DaemonSets are. */
  readonly namespace: pulumi.Input<string>;
  /** The service account of the controllers, which make one for each Image. */
  readonly controllers: { readonly namespace: pulumi.Input<string>; readonly name: string };
}

const LABELS = commonLabels("hub");
const RBAC_GROUP = "rbac.authorization.k8s.io";
const NAME = "image-puller";

/**
 * What the controllers may do so that every node has every image: keep DaemonSets in one namespace, and read which nodes have
 * which accelerators.
 */
export class ImagePuller extends Part {
  constructor(name: string, { namespace, controllers }: ImagePullerArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:hub:ImagePuller", name, opts);
    const metadata = { name: NAME, namespace, labels: LABELS };
    const verbs = ["get", "list", "watch", "create", "update", "delete"];
    const rules = [{ apiGroups: ["apps"], resources: ["daemonsets"], verbs }];
    const role = new k8s.rbac.v1.Role(this.child("role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "Role", name: role.metadata.name };
    const subjects = [{ kind: "ServiceAccount", ...controllers }];
    new k8s.rbac.v1.RoleBinding(this.child("role-binding"), { metadata, roleRef, subjects }, this.inside);
    this.#readNodes({ name: pulumi.interpolate`${namespace}-${NAME}`, labels: LABELS }, subjects);
    this.registerOutputs({});
  }

  #readNodes(metadata: k8s.types.input.meta.v1.ObjectMeta, subjects: k8s.types.input.rbac.v1.Subject[]): void {
    const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }];
    const role = new k8s.rbac.v1.ClusterRole(this.child("nodes-role"), { metadata, rules }, this.inside);
    const roleRef = { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role.metadata.name };
    const args = { metadata, roleRef, subjects };
    new k8s.rbac.v1.ClusterRoleBinding(this.child("nodes-role-binding"), args, this.inside);
  }
}
