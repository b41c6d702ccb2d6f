"""What the Kubernetes API server says when it does not take an object, in words for the person who asked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_WEBHOOK = re.compile(r'admission webhook "[^"]*" denied the request: (?P<text>.*)', re.DOTALL)
_POLICY = re.compile(r"ValidatingAdmissionPolicy '[^']*' .*?denied request: (?P<text>.*)", re.DOTALL)
_FORBIDDEN = re.compile(r'\w+ "[^"]*" is forbidden: (?P<text>.*)', re.DOTALL)
_UNREACHED = re.compile(r'failed calling webhook "(?P<name>[^"]*)"')
_TOO_MANY = 429
_SERVER_ERROR = 500
_AGAIN_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an object was not taken; `again_seconds` where it may be taken in a moment."""

    message: str
    again_seconds: int | None


def read_status(body: object) -> Mapping[str, object]:
    """The Status object of an answer's body; empty where it is none."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        status = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        status = None
    return status if isinstance(status, dict) else {}


def _words(message: str) -> str:
    unreached = _UNREACHED.search(message)
    if unreached:
        return f"the platform's check {unreached['name']} does not answer: try again in a minute"
    for pattern in (_WEBHOOK, _POLICY, _FORBIDDEN):
        found = pattern.search(message)
        if found:
            return found["text"]
    return message


def read_refusal(http_status: int, body: object) -> Refusal:
    """Why an object was not taken, in the words of the one who refused it."""
    status = read_status(body)
    message = status.get("message")
    words = _words(message) if isinstance(message, str) and message else f"the cluster answered status {http_status}"
    details = status.get("details")
    again = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    if isinstance(again, int) and again > 0:
        return Refusal(words, again)
    passing = http_status == _TOO_MANY or http_status >= _SERVER_ERROR
    return Refusal(words, _AGAIN_SECONDS if passing else None)


def is_taken(body: object) -> bool:
    """Whether a conflict says that an object of this name is there."""
    return read_status(body).get("reason") in (None, "AlreadyExists")
