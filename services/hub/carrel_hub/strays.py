"""Pods of users that the hub does not know: it will never stop them, and they count against a quota."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from carrel_hub.pod import USER_NAME


def strays(pods: Iterable[Mapping[str, object]], known: Collection[str]) -> Sequence[str]:
    """Names of the pods that say whose they are, and are nobody's who is known."""

    def of(pod: Mapping[str, object], part: str) -> Mapping[str, object]:
        value = pod.get(part)
        return value if isinstance(value, dict) else {}

    metadata = [of(pod, "metadata") for pod in pods]
    return sorted(
        str(each.get("name")) for each in metadata if of(each, "annotations").get(USER_NAME, "") not in {*known, ""}
    )
