"""Why a pod does not start: read from its status, and from its events for people who wait."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# No later try can mend these.
_FINAL = ("InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff")
_PULLING = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError")
_OTHER = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_HOPELESS = re.compile(
    r"not found|manifest unknown|does not exist|unauthori[sz]ed|authentication required|denied|forbidden|no basic auth",
    re.IGNORECASE,
)
_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*"(: \w+: )?')
_NOISE = re.compile(r"rpc error: code = \w+ desc = |failed to pull and unpack image \"[^\"]*\": ")

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a pod from starting; not final where another try may mend it."""

    message: str
    final: bool


def _record(value: object) -> Record:
    return value if isinstance(value, dict) else {}


def _records(value: object) -> Sequence[Record]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _pull_trouble(image: str, message: str) -> Trouble:
    cause = _NOISE.sub("", _BACK_OFF.sub("", message)).strip()
    why = f": {cause}" if cause else ""
    return Trouble(f'the image "{image}" cannot be pulled{why}', bool(_HOPELESS.search(cause)))


def _end(container: Record) -> Record:
    """How the container's program ended last; empty where it never did."""
    ends = (_record(_record(container.get(name)).get("terminated")) for name in ("state", "lastState"))
    return next(filter(None, ends), {})


def _ended(container: Record) -> str:
    end = _end(container)
    reason = _text(end, "message").strip() or _text(end, "reason")
    return f"exit code {end.get('exitCode')}{f', {reason}' if reason else ''}"


def _container_trouble(container: Record) -> Trouble | None:
    waiting = _record(_record(container.get("state")).get("waiting"))
    reason, message = _text(waiting, "reason"), _text(waiting, "message")
    image = _text(container, "image")
    if reason in _PULLING:
        return _pull_trouble(image, message)
    if reason == "CrashLoopBackOff":
        return Trouble(f'the image "{image}" does not keep running: {_ended(container)}', True)
    if reason in (*_FINAL, *_OTHER):
        return Trouble(f'the image "{image}" cannot be started: {message or reason}', reason in _FINAL)
    return None


def _program_trouble(container: Record) -> Trouble | None:
    """A program that ended once may stay when it is started again: the kubelet does so."""
    if not _end(container):
        return None
    return Trouble(f'the image "{_text(container, "image")}" does not keep running: {_ended(container)}', False)


def _why_ended(status: Record) -> str:
    why = _text(status, "message") or _text(status, "reason")
    if why:
        return why
    ends = [_ended(each) for each in _records(status.get("containerStatuses")) if _end(each)]
    return f"its program came to an end{f': {ends[0]}' if ends else ''}"


def pod_trouble(pod: Record | None) -> Trouble | None:
    """What is wrong with a pod, as the cluster's API tells of it."""
    status = _record((pod or {}).get("status"))
    if _text(status, "phase") in ("Failed", "Succeeded"):
        return Trouble(f"the server's pod ended: {_why_ended(status)}", True)
    programs = _records(status.get("containerStatuses"))
    found = (*map(_container_trouble, (*_records(status.get("initContainerStatuses")), *programs)),)
    return next(filter(None, (*found, *map(_program_trouble, programs))), None)


def log_to_read(pod: Record | None) -> tuple[str, bool] | None:
    """The container whose log may say why, and whether that of its run before; None where nothing ran."""
    for container in _records(_record((pod or {}).get("status")).get("containerStatuses")):
        state = _record(container.get("state"))
        if _end(container) or "running" in state:
            return _text(container, "name"), bool(_end(container)) and "running" in state
    return None


def waiting_reason(pod: Record | None) -> str:
    """Why a pod that is not in trouble is not running yet."""
    status = _record((pod or {}).get("status"))
    for condition in _records(status.get("conditions")):
        if _text(condition, "type") == "PodScheduled" and _text(condition, "status") == "False":
            return f"no node takes it: {_text(condition, 'message') or _text(condition, 'reason')}"
    for container in _records(status.get("containerStatuses")):
        waiting = _record(_record(container.get("state")).get("waiting"))
        if waiting:
            return f"its container waits: {_text(waiting, 'message') or _text(waiting, 'reason')}"
    return "its pod is not ready" if pod else "its pod was not seen"


_GONE = Trouble("its pod was removed while it started", False)


class TroubleWatch:
    """Tells when a trouble is to be given up on: at once where it is final, else when it lasts."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._since: float | None = None
        self._worst: Trouble | None = None

    def observe(self, pod: Record | None, now: float, *, expected: bool = False) -> str | None:
        """The reason to give up, if there is one. `now` in seconds of any clock that only goes forward.

        A pod that is `expected` and not there is a trouble too.
        """
        trouble = _GONE if expected and pod is None else pod_trouble(pod)
        if trouble is None:
            # Between two tries a container shows no reason for a moment.
            return None
        if self._since is None:
            self._since = now
        # Back-off messages may leave the cause out that the try before them told.
        if self._worst is None or len(trouble.message) > len(self._worst.message):
            self._worst = trouble
        lasts = now - self._since >= self._grace_seconds
        return self._worst.message if trouble.final or self._worst.final or lasts else None


def explain_event(event: Record) -> Iterator[str]:
    """An event of a pod in plain words; nothing for what tells people nothing."""
    reason, message = _text(event, "reason"), _text(event, "message")
    if reason == "Scheduled":
        yield f"A node was found. {message}"
    elif reason == "FailedScheduling":
        yield f"No node takes it yet: {message}"
    elif reason == "Pulling":
        yield f"{message}. The first start of an image on a node takes longer."
    elif reason in ("Created", "Started"):
        yield "The server's program starts."
    elif message:
        yield message if _text(event, "type") == "Normal" else f"{reason}: {message}"
