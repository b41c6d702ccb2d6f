from dataclasses import replace
from typing import Any

import jupyterhub
from kubespawner._version import __version__ as kubespawner_version

from carrel_hub.settings import Settings
from support.samples import GI, GPU_TOLERATION
from support.spawners import launch

Json = dict[str, Any]
GPU = {"group": "physics", "instanceType": "gpu", "image": "torch"}
SMALL = {"group": "physics", "instanceType": "small", "image": "scipy"}


def pod_of(settings: Settings, answer: Json, options: Json) -> Json:
    return launch(settings, answer, options).pod


def environment_of(pod: Json) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in pod["spec"]["containers"][0]["env"]}


def test_the_whole_pod_of_a_launch(settings: Settings, answer: Json) -> None:
    work = replace(
        settings.work,
        scheduler_name="user-scheduler",
        priority_class="carrel-user",
        node_selector={"pool": "users"},
        preferred_node_labels={"hub.jupyter.org/node-purpose": "user"},
        tolerations=({"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user"},),
    )
    pod = pod_of(replace(settings, work=work), answer, GPU)
    del pod["spec"]["containers"][0]["env"]
    limits = {"cpu": "1500m", "memory": str(8 * GI), "nvidia.com/gpu": "1"}
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "jupyter-ada",
            "labels": {
                "app.kubernetes.io/component": "singleuser-server",
                "app.kubernetes.io/managed-by": "kubespawner",
                "app.kubernetes.io/part-of": "carrel",
                "carrel.dev/group": "physics",
                "carrel.dev/user": "ada",
                "component": "singleuser-server",
                "hub.jupyter.org/network-access-hub": "true",
                "hub.jupyter.org/servername": "",
                "hub.jupyter.org/username": "ada",
            },
            "annotations": {
                "carrel.dev/group-name": "physics",
                "carrel.dev/image": "torch",
                "carrel.dev/instance-type": "gpu",
                "carrel.dev/user-name": "ada",
                "hub.jupyter.org/jupyterhub-version": jupyterhub.__version__,
                "hub.jupyter.org/kubespawner-version": kubespawner_version,
                "hub.jupyter.org/username": "ada",
            },
        },
        "spec": {
            "affinity": {
                "nodeAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "weight": 100,
                            "preference": {
                                "matchExpressions": [
                                    {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
                                ]
                            },
                        }
                    ]
                }
            },
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "args": ["jupyterhub-singleuser"],
                    "image": "registry.example/torch:2",
                    "imagePullPolicy": "IfNotPresent",
                    "lifecycle": {},
                    "name": "notebook",
                    "ports": [{"containerPort": 8888, "name": "notebook-port"}],
                    "resources": {"limits": limits, "requests": {}},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                        "runAsGroup": 100,
                        "runAsNonRoot": True,
                        "runAsUser": 1000,
                    },
                    "volumeMounts": [
                        {"name": "home", "mountPath": "/home/jovyan"},
                        {"name": "group", "mountPath": "/group/physics"},
                        {"name": "volume-0", "mountPath": "/datasets/corpus", "readOnly": True},
                        {"name": "volume-1", "mountPath": "/datasets/scratch"},
                    ],
                    "workingDir": "/home/jovyan",
                }
            ],
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": "registry-login"}],
            "nodeSelector": {"pool": "users", "accelerator": "a100"},
            "priorityClassName": "carrel-user",
            "restartPolicy": "OnFailure",
            "schedulerName": "user-scheduler",
            "securityContext": {
                "fsGroup": 200_001,
                "fsGroupChangePolicy": "OnRootMismatch",
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
                "supplementalGroups": [200_001],
            },
            "tolerations": [
                {"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user"},
                GPU_TOLERATION,
            ],
            "volumes": [
                {"name": "home", "persistentVolumeClaim": {"claimName": "home-ada"}},
                {"name": "group", "persistentVolumeClaim": {"claimName": "group-physics"}},
                {"name": "volume-0", "persistentVolumeClaim": {"claimName": "volume-corpus", "readOnly": True}},
                {"name": "volume-1", "persistentVolumeClaim": {"claimName": "volume-scratch"}},
            ],
        },
    }


def test_the_whole_claim_of_a_home(settings: Settings, answer: Json) -> None:
    claim = launch(settings, answer, SMALL).claim
    assert claim == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "home-ada",
            "labels": {
                "app.kubernetes.io/component": "singleuser-server",
                "app.kubernetes.io/managed-by": "kubespawner",
                "app.kubernetes.io/part-of": "carrel",
                "carrel.dev/user": "ada",
                "component": "singleuser-storage",
                "hub.jupyter.org/username": "ada",
            },
            "annotations": {
                "carrel.dev/user-name": "ada",
                "hub.jupyter.org/jupyterhub-version": jupyterhub.__version__,
                "hub.jupyter.org/kubespawner-version": kubespawner_version,
                "hub.jupyter.org/username": "ada",
                "volume.beta.kubernetes.io/storage-class": "nfs",
            },
        },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "10Gi"}},
            "storageClassName": "nfs",
        },
    }


def test_variables_of_the_platform_and_of_env_volumes_come_as_they_were_stated(
    settings: Settings, answer: Json
) -> None:
    answer["groups"][0]["volumes"][2]["env"] |= {"JUPYTERHUB_API_TOKEN": "stolen", "CARREL_GROUP": "chemistry"}
    environment = environment_of(pod_of(settings, answer, SMALL))
    expected = {
        "TZ": "Europe/Berlin",
        "CORPUS": '{"a": 1}',
        "CARREL_GROUP": "physics",
        "CARREL_INSTANCE_TYPE": "small",
        "CARREL_IMAGE": "scipy",
        "JUPYTERHUB_API_TOKEN": "token-of-the-server",
        "JPY_X": None,
    }
    assert {name: environment.get(name) for name in expected} == expected


def test_safe_mode_mounts_the_home_elsewhere(settings: Settings, answer: Json) -> None:
    mounts = pod_of(settings, answer, {**SMALL, "safeMode": True})["spec"]["containers"][0]["volumeMounts"]
    assert mounts[0] == {"name": "home", "mountPath": "/home/jovyan/saved-home"}


def test_names_that_are_no_labels_become_slugs_and_stay_exact_in_annotations(settings: Settings, answer: Json) -> None:
    options = {"group": "Chemistry Lab"}
    launched = launch(settings, answer | {"user": {"name": "Ada {L}"}}, options, user="Ada {L}")
    labels, annotations = launched.pod["metadata"]["labels"], launched.pod["metadata"]["annotations"]
    assert (labels["carrel.dev/group"], annotations["carrel.dev/group-name"]) == (
        "chemistry-lab-0f5ba1ea",
        "Chemistry Lab",
    )
    assert (labels["carrel.dev/user"], annotations["carrel.dev/user-name"]) == ("ada-l-b60c29cf", "Ada {L}")
    assert launched.claim["metadata"]["name"] == "home-ada-l-b60c29cf"


def test_without_a_group_volume_files_belong_to_the_users_group(settings: Settings, answer: Json) -> None:
    spec = pod_of(settings, answer, {"group": "Chemistry Lab"})["spec"]
    assert spec["securityContext"]["fsGroup"] == 100
    assert [each["name"] for each in spec["volumes"]] == ["home"]


def test_nothing_is_left_of_an_earlier_launch(settings: Settings, answer: Json) -> None:
    other = {"group": "Chemistry Lab"}
    assert launch(settings, answer, GPU, other) == launch(settings, answer, other)


def test_a_named_server_has_a_pod_of_its_own_and_the_same_home(settings: Settings, answer: Json) -> None:
    launched = launch(settings, answer, SMALL, server_name="second")
    names = (launched.pod["metadata"]["name"], launched.claim["metadata"]["name"])
    assert names == ("jupyter-ada--second", "home-ada")


def test_the_choice_that_the_hub_left_open_is_stored(settings: Settings, answer: Json) -> None:
    answer["groups"] = answer["groups"][1:]
    assert launch(settings, answer, {}).options == {"group": "Chemistry Lab", "instanceType": "small", "image": "rdkit"}


def test_requests_and_priority_of_the_type_are_taken(settings: Settings, answer: Json) -> None:
    answer["groups"][0]["instanceTypes"][0] |= {"requests": {"cpu": "250m"}, "priorityClassName": "urgent"}
    spec = pod_of(settings, answer, SMALL)["spec"]
    assert (spec["containers"][0]["resources"]["requests"], spec["priorityClassName"]) == ({"cpu": "250m"}, "urgent")
