"""The pod of a launch, as KubeSpawner's traits."""

from collections.abc import Mapping, Sequence

from carrel_hub.choice import Launch
from carrel_hub.context import Group, Volume
from carrel_hub.names import literal, slug
from carrel_hub.settings import Work

HOME = "/home/jovyan"
SAFE_HOME = f"{HOME}/saved-home"
UID = 1000
GID = 100
# Annotation that says whose a pod and a home are, in full.
USER_NAME = "carrel.dev/user-name"
_BASIC = ("cpu", "memory")
_OF_THE_HUB = ("JUPYTERHUB_", "JPY_")

Traits = Mapping[str, object]


def home_claim(user: str) -> str:
    """The claim of a user's home: one for all servers of the user."""
    return f"home-{slug(user)}"


def missing_volumes(group: Group) -> Sequence[str]:
    """Volumes without a claim yet: a server starts without them."""
    return [each.display_name for each in group.volumes if each.kind != "env" and each.claim is None]


def _mounted(group: Group) -> Sequence[Volume]:
    return [each for each in group.volumes if each.claim is not None and each.mount_path is not None]


def _volumes(launch: Launch) -> list[dict[str, object]]:
    def of_claim(name: str, claim: str, *, read_only: bool = False) -> dict[str, object]:
        source = {"claimName": claim, **({"readOnly": True} if read_only else {})}
        return {"name": name, "persistentVolumeClaim": source}

    shared = launch.group.shared_volume
    return [
        of_claim("home", home_claim(launch.user)),
        *([of_claim("group", shared.claim)] if shared else []),
        *(
            of_claim(f"volume-{index}", each.claim or "", read_only=each.read_only)
            for index, each in enumerate(_mounted(launch.group))
        ),
    ]


def _mounts(launch: Launch) -> list[dict[str, object]]:
    shared: list[dict[str, object]] = [{"name": "group", "mountPath": f"/group/{launch.group.slug}"}]
    return [
        {"name": "home", "mountPath": SAFE_HOME if launch.safe_mode else HOME},
        *(shared if launch.group.shared_volume else []),
        *(
            {
                "name": f"volume-{index}",
                "mountPath": literal(each.mount_path or ""),
                **({"readOnly": True} if each.read_only else {}),
            }
            for index, each in enumerate(_mounted(launch.group))
        ),
    ]


def _environment(launch: Launch, work: Work) -> dict[str, str]:
    of_volumes = {name: value for each in launch.group.volumes for name, value in each.env.items()}
    stated = {
        **work.environment,
        **of_volumes,
        "CARREL_GROUP": launch.group.name,
        "CARREL_INSTANCE_TYPE": launch.instance_type.name,
        "CARREL_IMAGE": launch.image.name,
    }
    # The hub's own variables hold the server's token and addresses.
    return {name: literal(value) for name, value in stated.items() if not name.startswith(_OF_THE_HUB)}


def _resources(launch: Launch) -> Traits:
    """Limits exactly as the type states them; cpu_limit and mem_limit only tell programs in the pod."""
    chosen = launch.instance_type
    exact = {"cpu": f"{chosen.cpu_milli}m", "memory": str(chosen.memory_bytes), **chosen.resources}
    extended = {name: amount for name, amount in exact.items() if name not in _BASIC and amount != "0"}
    return {
        "cpu_limit": chosen.cpu_milli / 1000,
        "mem_limit": chosen.memory_bytes,
        "cpu_guarantee": None,
        "mem_guarantee": None,
        "extra_resource_limits": {**{name: exact[name] for name in _BASIC}, **extended},
        "extra_resource_guarantees": {**chosen.requests},
    }


def _identity(launch: Launch) -> Traits:
    group, user = launch.group, launch.user
    return {
        "extra_labels": {
            "carrel.dev/group": group.slug,
            "carrel.dev/user": slug(user),
            "hub.jupyter.org/network-access-hub": "true",
        },
        "extra_annotations": {
            "carrel.dev/group-name": literal(group.name),
            USER_NAME: literal(user),
            "carrel.dev/image": literal(launch.image.name),
            "carrel.dev/instance-type": literal(launch.instance_type.name),
        },
    }


def _security(launch: Launch) -> Traits:
    """Restricted. The group's id is the pod's fsGroup: the kubelet then makes volumes setgid and of that group."""
    shared = launch.group.shared_volume
    return {
        "uid": UID,
        "gid": GID,
        "fs_gid": shared.gid if shared else GID,
        "supplemental_gids": [shared.gid] if shared else [],
        "privileged": False,
        "allow_privilege_escalation": False,
        "container_security_context": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True},
        "pod_security_context": {
            "fsGroupChangePolicy": "OnRootMismatch",
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "service_account": None,
        "automount_service_account_token": False,
        "extra_pod_config": {"enableServiceLinks": False},
    }


def _placement(launch: Launch, work: Work) -> Traits:
    preferred = [
        {"weight": 100, "preference": {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}}
        for key, value in work.preferred_node_labels.items()
    ]
    return {
        "node_selector": {**work.node_selector, **launch.instance_type.node_selector},
        "tolerations": [*work.tolerations, *launch.instance_type.tolerations],
        "node_affinity_preferred": preferred,
        "scheduler_name": work.scheduler_name,
        "priority_class_name": launch.instance_type.priority_class or work.priority_class or "",
    }


def launch_traits(launch: Launch, work: Work) -> Traits:
    """Every trait that a launch decides, so that nothing is left of an earlier one."""
    return {
        "image": launch.reference,
        "image_pull_policy": work.image_pull_policy,
        "image_pull_secrets": [launch.image.pull_secret] if launch.image.pull_secret else [],
        "volumes": _volumes(launch),
        "volume_mounts": _mounts(launch),
        "working_dir": HOME,
        "environment": _environment(launch, work),
        "storage_extra_labels": {"carrel.dev/user": slug(launch.user)},
        "storage_extra_annotations": {USER_NAME: literal(launch.user)},
        **_identity(launch),
        **_resources(launch),
        **_security(launch),
        **_placement(launch, work),
    }
