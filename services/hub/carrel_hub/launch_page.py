"""The page on which a member chooses: what it shows, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from carrel_hub.amounts import Amounts, format_bytes, format_milli
from carrel_hub.choice import Choice, find_group
from carrel_hub.context import Context, Group, Image, InstanceType


@dataclass(frozen=True, slots=True)
class GroupLink:
    """A group to choose; choosing is following the link."""

    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Option:
    """An instance type or image; one that does not fit is shown with the reason."""

    name: str
    label: str
    details: str
    reason: str | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """What is used of a resource, by the member and by the whole group."""

    resource: str
    mine: str
    group: str


@dataclass(frozen=True, slots=True)
class LaunchPage:
    """A group is chosen by link; types and images are those of the chosen group."""

    groups: Sequence[GroupLink]
    group: str | None
    group_label: str
    problem: str | None
    quota: Sequence[QuotaRow]
    instance_types: Sequence[Option]
    images: Sequence[Option]
    safe_mode: bool
    can_start: bool


def _of(used: str, limit: str | None) -> str:
    return f"{used} used, no limit" if limit is None else f"{used} of {limit} used"


def _row(resource: str, mine: tuple[int | None, int | None], group: tuple[int | None, int | None]) -> QuotaRow:
    show = format_bytes if resource == "Memory" else format_milli

    def text(used: int | None, limit: int | None) -> str:
        return _of(show(used or 0), None if limit is None else show(limit))

    return QuotaRow(resource, text(*mine), text(*group))


def quota_rows(group: Group) -> Sequence[QuotaRow]:
    """CPU, memory and GPU: used and quota of the member and of the group."""

    def pairs(used: Amounts, limit: Amounts) -> Mapping[str, tuple[int | None, int | None]]:
        return {
            "CPU": (used.cpu_milli, limit.cpu_milli),
            "Memory": (used.memory_bytes, limit.memory_bytes),
            "GPU": (used.gpu_milli, limit.gpu_milli),
        }

    mine, whole = pairs(group.member_usage, group.member_quota), pairs(group.usage, group.quota)
    return [_row(resource, mine[resource], whole[resource]) for resource in mine]


def _size(each: InstanceType) -> str:
    gpu = f", {format_milli(each.gpu_milli)} GPU" if each.gpu_milli else ""
    size = f"{format_milli(each.cpu_milli)} CPU, {format_bytes(each.memory_bytes)} memory{gpu}"
    return f"{size}. {each.description}" if each.description else size


def _instance_types(offered: Sequence[InstanceType], wanted: str | None) -> Sequence[Option]:
    fitting = [each.name for each in offered if each.fits]
    chosen = wanted if wanted in fitting else next(iter(fitting), None)
    return [
        Option(each.name, each.display_name, _size(each), None if each.fits else each.reason, each.name == chosen)
        for each in offered
    ]


def _images(offered: Sequence[Image], wanted: str | None) -> Sequence[Option]:
    names = [each.name for each in offered if each.problem is None]
    chosen = wanted if wanted in names else next(iter(names), None)
    return [
        Option(each.name, each.display_name, each.description, each.problem, each.name == chosen) for each in offered
    ]


def launch_page(context: Context, wanted: Choice, path: str) -> LaunchPage:
    """The page for what is on offer; `wanted` is chosen beforehand where it can be. `path` is the page's own."""
    group = find_group(context, wanted.group) or next(iter(context.groups), None)
    links = [
        GroupLink(each.display_name, f"{path}?{urlencode({'group': each.name})}", each is group)
        for each in context.groups
    ]
    if group is None:
        return LaunchPage(links, None, "", None, [], [], [], wanted.safe_mode, False)
    instance_types = _instance_types(group.instance_types, wanted.instance_type)
    images = _images(group.images, wanted.image)
    return LaunchPage(
        groups=links,
        group=group.name,
        group_label=group.display_name,
        problem=group.problem,
        quota=quota_rows(group),
        instance_types=instance_types,
        images=images,
        safe_mode=wanted.safe_mode,
        can_start=group.problem is None and all(any(each.chosen for each in of) for of in (instance_types, images)),
    )
