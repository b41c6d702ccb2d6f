from typing import Any

import pytest

from carrel_hub.amounts import Amounts
from carrel_hub.context import (
    Context,
    ContextError,
    Culling,
    Group,
    Image,
    InstanceType,
    SharedVolume,
    Volume,
    read_context,
)
from support.samples import GI, amounts, group, image, instance_type, volume

Json = dict[str, Any]


def test_reads_a_whole_answer() -> None:
    one = group(
        "Lab",
        "lab-1",
        quota=amounts(None, None, None),
        instanceTypes=[instance_type("small", 500, GI, description="For a look")],
        images=[image("scipy", "scipy:1", "login")],
        volumes=[volume("corpus")],
        sharedVolume={"claim": "group-lab", "gid": 7},
        culling={"policy": "maxAge", "idleSeconds": None, "maxAgeSeconds": 60},
    )
    small = InstanceType(
        "small", "Small", "For a look", 500, GI, 0, {"cpu": "500m", "memory": str(GI)}, {}, {}, (), None, True, ""
    )
    expected = Group(
        name="Lab",
        slug="lab-1",
        display_name="Lab",
        problem=None,
        quota=Amounts(None, None, None),
        member_quota=Amounts(8000, 32 * GI, 1000),
        usage=Amounts(12_000, 48 * GI, 1000),
        member_usage=Amounts(1500, 4 * GI, 0),
        remaining=Amounts(6500, 28 * GI, 1000),
        instance_types=(small,),
        images=(Image("scipy", "Scipy", "All of scipy", "scipy:1", (), "login", None),),
        volumes=(Volume("corpus", "Corpus", "pvc", "/datasets/corpus", "volume-corpus", True, {}),),
        shared_volume=SharedVolume("group-lab", 7),
        culling=Culling(None, 60),
    )
    assert read_context({"user": {"name": "ada"}, "groups": [one]}) == Context("ada", (expected,))


def test_amounts_keep_every_digit(answer: Json) -> None:
    answer["groups"][0]["quota"]["memoryBytes"] = "9007199254740993"
    assert read_context(answer).groups[0].quota.memory_bytes == 9007199254740993


def test_culling_that_is_off_has_no_limits_whatever_they_say(answer: Json) -> None:
    answer["groups"][0]["culling"] = {"policy": "off", "idleSeconds": 60, "maxAgeSeconds": 60}
    assert read_context(answer).groups[0].culling == Culling(None, None)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("groups", 0, "images", 1, "reference"),
            7,
            "launchContext.groups[0].images[1].reference must be a text, got 7",
        ),
        (
            ("groups", 0, "quota", "cpuMilli"),
            "1.5",
            "launchContext.groups[0].quota.cpuMilli must be a whole number, got '1.5'",
        ),
        (("groups", 0, "sharedVolume"), [], "launchContext.groups[0].sharedVolume must be an object, got list"),
        (
            ("groups", 0, "instanceTypes", 0, "fits"),
            None,
            "launchContext.groups[0].instanceTypes[0].fits must be true or false, got None",
        ),
        (
            ("groups", 0, "sharedVolume", "gid"),
            None,
            "launchContext.groups[0].sharedVolume.gid must be a whole number, got None",
        ),
        (
            ("groups", 0, "volumes", 2, "env"),
            ["A"],
            "launchContext.groups[0].volumes[2].env must be a map of texts, got ['A']",
        ),
        (("groups",), "all", "launchContext.groups must be a list, got 'all'"),
    ],
)
def test_says_which_field_is_wrong(answer: Json, path: tuple[Any, ...], value: object, message: str) -> None:
    target: Any = answer
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(ContextError) as caught:
        read_context(answer)
    assert str(caught.value) == message


def test_says_which_field_is_missing(answer: Json) -> None:
    del answer["groups"][1]["slug"]
    with pytest.raises(ContextError) as caught:
        read_context(answer)
    assert str(caught.value) == "launchContext.groups[1].slug is missing"


def test_no_context_is_said() -> None:
    with pytest.raises(ContextError, match="launchContext must be an object, got NoneType"):
        read_context(None)
