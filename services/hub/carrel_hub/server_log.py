"""The end of a server's log, fit to be shown on a page."""

import asyncio
import re
from typing import Protocol

from aiohttp import ClientResponse
from kubernetes_asyncio.client import CoreV1Api

_LINES = 10
# Some say nothing.
_READ_LINES = 40
_LONGEST_LINE = 200
_MOST_BYTES = 16_384
_PATIENCE_SECONDS = 3
_OK = 200
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Pod(Protocol):
    """Where a pod is."""

    api: CoreV1Api
    namespace: str
    pod_name: str


def last_lines(text: str) -> str:
    """The last lines that say something, without terminals' colours, each cut where it is long."""
    # Of a line that a program wrote over, what stood there last.
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    plain = (_UNSHOWN.sub("", _COLOURS.sub("", line)).rstrip()[:_LONGEST_LINE] for line in lines)
    return "\n".join([line for line in plain if line][-_LINES:])


async def read_last_lines(pod: Pod, container: str, *, previous: bool) -> str:
    """The end of a container's log, of the run before this one where `previous`; empty where it cannot be had."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            # Read whole, the client would take a log of JSON for an object.
            answer: object = await pod.api.read_namespaced_pod_log(
                pod.pod_name,
                pod.namespace,
                container=container,
                previous=previous,
                tail_lines=_READ_LINES,
                limit_bytes=_MOST_BYTES,
                _preload_content=False,
            )
            if not isinstance(answer, ClientResponse) or answer.status != _OK:
                return ""
            return last_lines((await answer.read()).decode(errors="replace"))
    except Exception:
        return ""
