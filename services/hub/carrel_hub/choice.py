"""What a user chose, and whether it is on offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from carrel_hub.context import Context, Group, Image, InstanceType, Variant

AUTOSTART = "autostart"
_ON = ("1", "true", "yes", "on")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True, slots=True)
class Choice:
    """Names as they were chosen; None leaves the choice to the hub."""

    group: str | None
    instance_type: str | None
    image: str | None
    safe_mode: bool


@dataclass(frozen=True, slots=True)
class Launch:
    """A choice that is on offer."""

    user: str
    group: Group
    instance_type: InstanceType
    image: Image
    reference: str
    safe_mode: bool


class ChoiceError(Exception):
    """What was chosen is not on offer; the message says why, for the person who chose."""


def is_on(value: object) -> bool:
    """Whether a switch of a form or a link is on."""
    return value is True or (isinstance(value, str) and value.lower() in _ON)


def options_from_form(form: Mapping[str, Sequence[str]]) -> dict[str, str | bool]:
    """The hub's user_options out of a form or a link; unknown fields are left out."""
    fields = {name: form[name][0] for name in ("group", "instanceType", "image") if form.get(name) and form[name][0]}
    return {**fields, "safeMode": is_on((form.get("safeMode") or [""])[0])}


def read_choice(options: Mapping[str, object]) -> Choice:
    """A choice out of user_options, which may come from anybody who may start the server.

    Raises ChoiceError for a field that is no text.
    """
    names: dict[str, str | None] = {}
    for field in ("group", "instanceType", "image"):
        value = options.get(field)
        if value is not None and not isinstance(value, str):
            raise ChoiceError(f"{field} must be a name")
        names[field] = value or None
    return Choice(names["group"], names["instanceType"], names["image"], is_on(options.get("safeMode")))


def _find(offered: Sequence[N], name: str) -> N | None:
    return next((each for each in offered if each.name == name), None)


def find_group(context: Context, name: str | None) -> Group | None:
    """A group by its name or slug; without a name the only one there is."""
    if name is None:
        return context.groups[0] if len(context.groups) == 1 else None
    return _find(context.groups, name) or next((group for group in context.groups if group.slug == name), None)


def _group(context: Context, name: str | None) -> Group:
    group = find_group(context, name)
    if group is not None:
        return group
    if not context.groups:
        raise ChoiceError(f'"{context.user_name}" is in no group that may start servers')
    if name is None:
        raise ChoiceError(f"say for which group: {', '.join(each.name for each in context.groups)}")
    raise ChoiceError(f'"{context.user_name}" is not a member of group "{name}"')


def _instance_type(group: Group, name: str | None) -> InstanceType:
    if not group.instance_types:
        raise ChoiceError(f'group "{group.name}" has no instance types: an administrator can grant it some')
    if name is None:
        return next((each for each in group.instance_types if each.fits), group.instance_types[0])
    found = _find(group.instance_types, name)
    if found is None:
        raise ChoiceError(f'instance type "{name}" is not offered to group "{group.name}"')
    return found


def _image(group: Group, name: str | None) -> Image:
    if not group.images:
        raise ChoiceError(f'group "{group.name}" has no images: an administrator can grant it some')
    if name is None:
        return next((each for each in group.images if each.problem is None), group.images[0])
    found = _find(group.images, name)
    if found is None:
        raise ChoiceError(f'image "{name}" is not offered to group "{group.name}"')
    return found


def _variant_fits(variant: Variant, instance_type: InstanceType) -> bool:
    """An architecture counts as known where the type's node selector names it."""
    accelerated = variant.accelerator is None or instance_type.resources.get(variant.accelerator, "0") != "0"
    architecture = instance_type.node_selector.get("kubernetes.io/arch")
    return accelerated and variant.architecture in (None, architecture)


def _reference(image: Image, instance_type: InstanceType) -> str:
    fitting = (each.reference for each in image.variants if _variant_fits(each, instance_type))
    reference = next(fitting, image.reference)
    if image.problem is not None or reference is None:
        raise ChoiceError(f'image "{image.name}" cannot be started: {image.problem or "it has no reference"}')
    return reference


def check_choice(context: Context, choice: Choice) -> Launch:
    """What a choice stands for.

    Raises ChoiceError for what is not offered, and for what the API says does not fit.
    """
    group = _group(context, choice.group)
    if group.problem is not None:
        raise ChoiceError(f'group "{group.name}" cannot start anything: {group.problem}')
    instance_type = _instance_type(group, choice.instance_type)
    if not instance_type.fits:
        raise ChoiceError(f'instance type "{instance_type.name}" does not fit: {instance_type.reason}')
    image = _image(group, choice.image)
    reference = _reference(image, instance_type)
    return Launch(context.user_name, group, instance_type, image, reference, choice.safe_mode)
