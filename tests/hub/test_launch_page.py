from dataclasses import replace

from carrel_hub.choice import Choice
from carrel_hub.context import Context
from carrel_hub.launch_page import GroupLink, LaunchPage, Option, QuotaRow, launch_page
from support.samples import TOO_LARGE

NOTHING = Choice(None, None, None, safe_mode=False)


def test_the_whole_page_of_a_group(context: Context) -> None:
    wanted = Choice("physics", "gpu", "torch", safe_mode=True)
    assert launch_page(context, wanted, "/hub/spawn/ada") == LaunchPage(
        groups=[
            GroupLink("Physics", "/hub/spawn/ada?group=physics", current=True),
            GroupLink("Chemistry Lab", "/hub/spawn/ada?group=Chemistry+Lab", current=False),
        ],
        group="physics",
        group_label="Physics",
        problem=None,
        quota=[
            QuotaRow("CPU", "1500m of 8 used", "12 of 40 used"),
            QuotaRow("Memory", "4Gi of 32Gi used", "48Gi of 160Gi used"),
            QuotaRow("GPU", "0 of 1 used", "1 of 4 used"),
        ],
        instance_types=[
            Option("small", "Small", "1 CPU, 2Gi memory", None, chosen=False),
            Option("gpu", "Gpu", "1500m CPU, 8Gi memory, 1 GPU", None, chosen=True),
            Option("huge", "Huge", "16 CPU, 64Gi memory", TOO_LARGE, chosen=False),
        ],
        images=[
            Option("scipy", "Scipy", "All of scipy", None, chosen=False),
            Option("torch", "Torch", "All of torch", None, chosen=True),
        ],
        safe_mode=True,
        can_start=True,
    )


def test_a_type_that_does_not_fit_is_not_chosen_though_the_link_says_so(context: Context) -> None:
    page = launch_page(context, replace(NOTHING, instance_type="huge"), "/hub/spawn")
    assert [each.name for each in page.instance_types if each.chosen] == ["small"]


def test_a_group_that_is_not_the_member_s_shows_the_first_of_the_member_s(context: Context) -> None:
    assert launch_page(context, replace(NOTHING, group="biology"), "/hub/spawn").group == "physics"


def test_nothing_can_be_started_where_nothing_fits(context: Context) -> None:
    huge = replace(context.groups[0], instance_types=context.groups[0].instance_types[2:])
    page = launch_page(replace(context, groups=(huge,)), NOTHING, "/hub/spawn")
    assert (page.can_start, [each.chosen for each in page.instance_types]) == (False, [False])


def test_without_a_group_there_is_nothing_to_choose(context: Context) -> None:
    page = launch_page(replace(context, groups=()), NOTHING, "/hub/spawn")
    assert (page.groups, page.group, page.can_start) == ([], None, False)


def test_unlimited_says_so(context: Context) -> None:
    free = replace(context.groups[0], quota=replace(context.groups[0].quota, gpu_milli=None))
    page = launch_page(replace(context, groups=(free,)), NOTHING, "/hub/spawn")
    assert page.quota[2] == QuotaRow("GPU", "0 of 1 used", "1 used, no limit")


def test_an_image_with_a_problem_is_shown_with_it_and_not_chosen(context: Context) -> None:
    physics = context.groups[0]
    images = (replace(physics.images[0], problem="its build failed"), physics.images[1])
    page = launch_page(replace(context, groups=(replace(physics, images=images),)), NOTHING, "/hub/spawn")
    assert page.images == [
        Option("scipy", "Scipy", "All of scipy", "its build failed", chosen=False),
        Option("torch", "Torch", "All of torch", None, chosen=True),
    ]


def test_a_group_with_a_problem_says_it_and_starts_nothing(context: Context) -> None:
    broken = replace(context.groups[0], problem="its quota cannot be read")
    page = launch_page(replace(context, groups=(broken,)), NOTHING, "/hub/spawn")
    assert (page.problem, page.can_start) == ("its quota cannot be read", False)
