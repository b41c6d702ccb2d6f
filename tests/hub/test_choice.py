from dataclasses import replace
from typing import Any

import pytest

from carrel_hub.choice import Choice, ChoiceError, Launch, check_choice, options_from_form, read_choice
from carrel_hub.context import Context, Variant
from support.samples import TOO_LARGE

GOOD = Choice("physics", "small", "scipy", safe_mode=False)


def refusal(context: Context, choice: Choice) -> str:
    with pytest.raises(ChoiceError) as caught:
        check_choice(context, choice)
    return str(caught.value)


def test_a_choice_on_offer_is_taken(context: Context) -> None:
    physics = context.groups[0]
    expected = Launch(
        "ada",
        physics,
        physics.instance_types[0],
        physics.images[0],
        "registry.example/scipy@sha256:11",
        safe_mode=False,
    )
    assert check_choice(context, GOOD) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"group": "biology"}, '"ada" is not a member of group "biology"'),
        ({"group": None}, "say for which group: physics, Chemistry Lab"),
        ({"instance_type": "root"}, 'instance type "root" is not offered to group "physics"'),
        ({"instance_type": "huge"}, f'instance type "huge" does not fit: {TOO_LARGE}'),
        ({"image": "rdkit"}, 'image "rdkit" is not offered to group "physics"'),
        (
            {"group": "Chemistry Lab", "instance_type": "gpu"},
            'instance type "gpu" is not offered to group "Chemistry Lab"',
        ),
    ],
)
def test_what_is_not_on_offer_is_refused(context: Context, change: dict[str, Any], message: str) -> None:
    assert refusal(context, replace(GOOD, **change)) == message


def test_nobody_s_group_is_said(context: Context) -> None:
    assert refusal(replace(context, groups=()), GOOD) == '"ada" is in no group that may start servers'


@pytest.mark.parametrize(("field", "what"), [("instance_types", "instance types"), ("images", "images")])
def test_a_group_with_nothing_to_start_is_said(context: Context, field: str, what: str) -> None:
    empty: dict[str, Any] = {field: ()}
    bare = replace(context, groups=(replace(context.groups[0], **empty),))
    assert refusal(bare, GOOD) == f'group "physics" has no {what}: an administrator can grant it some'


def test_what_is_left_open_is_the_first_that_fits(context: Context) -> None:
    physics = context.groups[0]
    alone = replace(context, groups=(replace(physics, instance_types=tuple(reversed(physics.instance_types))),))
    launch = check_choice(alone, Choice(None, None, None, safe_mode=True))
    assert (launch.group.name, launch.instance_type.name, launch.image.name, launch.safe_mode) == (
        "physics",
        "gpu",
        "scipy",
        True,
    )


def test_a_group_is_found_by_its_slug_too(context: Context) -> None:
    launch = check_choice(context, Choice("chemistry-lab-0f5ba1ea", None, None, safe_mode=False))
    assert launch.group.name == "Chemistry Lab"


def test_a_form_s_fields_become_options_and_others_are_left_out() -> None:
    form = {"group": ["physics"], "instanceType": ["small", "huge"], "image": [""], "safeMode": ["on"], "uid": ["0"]}
    assert options_from_form(form) == {"group": "physics", "instanceType": "small", "safeMode": True}


def test_options_are_read_back() -> None:
    assert read_choice({"group": "physics", "instanceType": "", "uid": 0, "safeMode": "true"}) == Choice(
        "physics", None, None, safe_mode=True
    )


@pytest.mark.parametrize("value", [7, ["small"], {"name": "small"}, True])
def test_options_of_another_kind_are_refused(value: object) -> None:
    with pytest.raises(ChoiceError, match=r"^instanceType must be a name$"):
        read_choice({"instanceType": value})


def test_a_group_with_a_problem_starts_nothing(context: Context) -> None:
    broken = replace(context, groups=(replace(context.groups[0], problem="its quota cannot be read"),))
    assert refusal(broken, GOOD) == 'group "physics" cannot start anything: its quota cannot be read'


VARIANTS = (
    Variant("arm64", None, "scipy:arm64"),
    Variant(None, "nvidia.com/gpu", "scipy:cuda"),
    Variant(None, "amd.com/gpu", "scipy:rocm"),
)


@pytest.mark.parametrize(
    ("instance_type", "selector", "reference"),
    [
        ("small", {}, "registry.example/scipy@sha256:11"),
        ("small", {"kubernetes.io/arch": "arm64"}, "scipy:arm64"),
        ("gpu", {}, "scipy:cuda"),
        ("gpu", {"kubernetes.io/arch": "amd64"}, "scipy:cuda"),
    ],
)
def test_the_first_variant_that_fits_the_type_stands_in_for_the_reference(
    context: Context, instance_type: str, selector: dict[str, str], reference: str
) -> None:
    physics = context.groups[0]
    types = tuple(replace(each, node_selector=selector) for each in physics.instance_types)
    images = (replace(physics.images[0], variants=VARIANTS),)
    changed = replace(context, groups=(replace(physics, instance_types=types, images=images),))
    assert check_choice(changed, replace(GOOD, instance_type=instance_type)).reference == reference


@pytest.mark.parametrize(
    ("change", "why"),
    [({"reference": None}, "it has no reference"), ({"problem": "its build failed"}, "its build failed")],
)
def test_an_image_that_is_not_there_is_refused_with_the_reason(
    context: Context, change: dict[str, Any], why: str
) -> None:
    physics = context.groups[0]
    changed = replace(context, groups=(replace(physics, images=(replace(physics.images[0], **change),)),))
    assert refusal(changed, GOOD) == f'image "scipy" cannot be started: {why}'
