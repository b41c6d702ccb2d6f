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


def _ended(container: Record) -> str:
    last = _record(_record(container.get("lastState")).get("terminated"))
    code = last.get("exitCode")
    reason = _text(last, "message").strip() or _text(last, "reason")
    return f"exit code {code}{f', {reason}' if reason else ''}"


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


def pod_trouble(pod: Record | None) -> Trouble | None:
    """What is wrong with a pod, as the cluster's API tells of it."""
    status = _record((pod or {}).get("status"))
    if _text(status, "phase") in ("Failed", "Succeeded"):
        why = _text(status, "message") or _text(status, "reason") or "its program came to an end"
        return Trouble(f"the server's pod ended: {why}", True)
    containers = (*_records(status.get("initContainerStatuses")), *_records(status.get("containerStatuses")))
    return next(filter(None, map(_container_trouble, containers)), None)


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


class TroubleWatch:
    """Tells when a trouble is to be given up on: at once where it is final, else when it lasts."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._since: float | None = None
        self._worst: Trouble | None = None

    def observe(self, pod: Record | None, now: float) -> str | None:
        """The reason to give up, if there is one. `now` in seconds of any clock that only goes forward."""
        trouble = pod_trouble(pod)
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
