"""What a user may start: the API's answer to `launchContext`, read once at the edge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from carrel_hub.amounts import Amounts

T = TypeVar("T")
Record = Mapping[str, object]


class ContextError(Exception):
    """The answer is not what was asked for: where, and what is wrong."""


@dataclass(frozen=True, slots=True)
class InstanceType:
    """A size; `fits` and `reason` are the API's decision, with the numbers."""

    name: str
    display_name: str
    description: str
    cpu_milli: int
    memory_bytes: int
    gpu_milli: int
    resources: Mapping[str, str]
    requests: Mapping[str, str]
    node_selector: Mapping[str, str]
    tolerations: Sequence[Mapping[str, object]]
    priority_class: str | None
    fits: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Variant:
    """What to run in place of an image's reference, on an architecture or with an accelerator."""

    architecture: str | None
    accelerator: str | None
    reference: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image; `pull_secret` is the name of a Secret beside the pods, `problem` says why it cannot be started."""

    name: str
    display_name: str
    description: str
    reference: str | None
    variants: Sequence[Variant]
    pull_secret: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Volume:
    """Data of a group: a claim at a path, or variables."""

    name: str
    display_name: str
    kind: str
    mount_path: str | None
    claim: str | None
    read_only: bool
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SharedVolume:
    """The group's own volume: its claim, and the group id that its files belong to."""

    claim: str
    gid: int


@dataclass(frozen=True, slots=True)
class Culling:
    """When servers are stopped, in seconds without activity and since the start; None is never."""

    idle_seconds: int | None
    max_age_seconds: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """What a member may start in one group."""

    name: str
    slug: str
    display_name: str
    problem: str | None
    quota: Amounts
    member_quota: Amounts
    usage: Amounts
    member_usage: Amounts
    remaining: Amounts
    instance_types: Sequence[InstanceType]
    images: Sequence[Image]
    volumes: Sequence[Volume]
    shared_volume: SharedVolume | None
    culling: Culling | None


@dataclass(frozen=True, slots=True)
class Context:
    """A user and the groups that the user may start servers in."""

    user_name: str
    groups: Sequence[Group]


class _Reader:
    """Reads the fields of one record, and names the record where a field is not as it has to be."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise ContextError(f"{where} must be an object, got {type(value).__name__}")
        self._value: Record = value
        self._where = where

    def _field(self, name: str) -> object:
        if name not in self._value:
            raise ContextError(f"{self._where}.{name} is missing")
        return self._value[name]

    def _wrong(self, name: str, expected: str) -> ContextError:
        return ContextError(f"{self._where}.{name} must be {expected}, got {self._value.get(name)!r}")

    def text(self, name: str) -> str:
        value = self._field(name)
        if isinstance(value, str):
            return value
        raise self._wrong(name, "a text")

    def text_or_none(self, name: str) -> str | None:
        return None if self._field(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        value = self._field(name)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false")

    def integer_or_none(self, name: str) -> int | None:
        """Amounts come as text: JSON numbers would lose digits."""
        value = self._field(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.removeprefix("-").isdecimal():
            return int(value)
        raise self._wrong(name, "a whole number")

    def integer(self, name: str) -> int:
        value = self.integer_or_none(name)
        if value is None:
            raise self._wrong(name, "a whole number")
        return value

    def texts(self, name: str) -> dict[str, str]:
        """A map of texts; null is empty."""
        value = self._field(name)
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(each, str | int) for each in value.values()):
            return {str(key): str(each) for key, each in value.items()}
        raise self._wrong(name, "a map of texts")

    def each(self, name: str, read: Callable[["_Reader"], T]) -> tuple[T, ...]:
        """A list of records; null is empty."""
        value = self._field(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return tuple(read(_Reader(item, f"{self._where}.{name}[{index}]")) for index, item in enumerate(value))

    def one(self, name: str, read: Callable[["_Reader"], T]) -> T:
        return read(_Reader(self._field(name), f"{self._where}.{name}"))

    def one_or_none(self, name: str, read: Callable[["_Reader"], T]) -> T | None:
        return None if self._field(name) is None else self.one(name, read)

    def stated(self) -> Record:
        """The fields that are not null."""
        return {name: value for name, value in self._value.items() if value is not None}


def _amounts(reader: _Reader) -> Amounts:
    return Amounts(
        reader.integer_or_none("cpuMilli"), reader.integer_or_none("memoryBytes"), reader.integer_or_none("gpuMilli")
    )


def _instance_type(reader: _Reader) -> InstanceType:
    return InstanceType(
        name=reader.text("name"),
        display_name=reader.text_or_none("displayName") or reader.text("name"),
        description=reader.text_or_none("description") or "",
        # A type whose amounts cannot be read fits nobody.
        cpu_milli=reader.integer_or_none("cpuMilli") or 0,
        memory_bytes=reader.integer_or_none("memoryBytes") or 0,
        gpu_milli=reader.integer_or_none("gpuMilli") or 0,
        resources=reader.texts("resources"),
        requests=reader.texts("requests"),
        node_selector=reader.texts("nodeSelector"),
        tolerations=reader.each("tolerations", _Reader.stated),
        priority_class=reader.text_or_none("priorityClassName"),
        fits=reader.flag("fits"),
        reason=reader.text_or_none("reason") or "",
    )


def _variant(reader: _Reader) -> Variant:
    return Variant(reader.text_or_none("architecture"), reader.text_or_none("accelerator"), reader.text("reference"))


def _image(reader: _Reader) -> Image:
    return Image(
        name=reader.text("name"),
        display_name=reader.text_or_none("displayName") or reader.text("name"),
        description=reader.text_or_none("description") or "",
        reference=reader.text_or_none("reference"),
        variants=reader.each("variants", _variant),
        pull_secret=reader.text_or_none("pullSecret"),
        problem=reader.text_or_none("problem"),
    )


def _volume(reader: _Reader) -> Volume:
    return Volume(
        name=reader.text("name"),
        display_name=reader.text_or_none("displayName") or reader.text("name"),
        kind=reader.text("kind"),
        mount_path=reader.text_or_none("mountPath"),
        claim=reader.text_or_none("claim"),
        read_only=reader.flag("readOnly"),
        env=reader.texts("env"),
    )


def _shared_volume(reader: _Reader) -> SharedVolume:
    return SharedVolume(reader.text("claim"), reader.integer("gid"))


def _culling(reader: _Reader) -> Culling:
    if reader.text("policy") == "off":
        return Culling(None, None)
    return Culling(reader.integer_or_none("idleSeconds"), reader.integer_or_none("maxAgeSeconds"))


def _group(reader: _Reader) -> Group:
    return Group(
        name=reader.text("name"),
        slug=reader.text("slug"),
        display_name=reader.text_or_none("displayName") or reader.text("name"),
        problem=reader.text_or_none("problem"),
        quota=reader.one("quota", _amounts),
        member_quota=reader.one("memberQuota", _amounts),
        usage=reader.one("usage", _amounts),
        member_usage=reader.one("memberUsage", _amounts),
        remaining=reader.one("remaining", _amounts),
        instance_types=reader.each("instanceTypes", _instance_type),
        images=reader.each("images", _image),
        volumes=reader.each("volumes", _volume),
        shared_volume=reader.one_or_none("sharedVolume", _shared_volume),
        culling=reader.one_or_none("culling", _culling),
    )


def read_context(value: object) -> Context:
    """Reads `launchContext` of an answer.

    Raises ContextError naming the first field that is not as it has to be.
    """
    reader = _Reader(value, "launchContext")
    return Context(reader.one("user", lambda user: user.text("name")), reader.each("groups", _group))
