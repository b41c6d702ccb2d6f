"""Who is a person of the platform now, as its API says."""

import json
from dataclasses import dataclass
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

_QUERY = (Path(__file__).parent / "person.graphql").read_text()
_OK = 200


class PeopleError(Exception):
    """The API gave no usable answer; the message says why, for the log."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is enabled, with the groups that they are in."""

    name: str
    is_admin: bool
    groups: tuple[str, ...]


class People:
    """Asks the API with the secret that the servers share."""

    def __init__(self, url: str, secret: str, timeout_seconds: float) -> None:
        self._url = url
        self._secret = secret
        self._timeout_seconds = timeout_seconds

    async def find(self, name: str) -> Person | None:
        """Nobody for a name that is unknown or disabled.

        Raises PeopleError where the API is down, slow, refuses the secret or answers something else.
        """
        request = HTTPRequest(
            self._url,
            method="POST",
            headers={"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"},
            body=json.dumps({"query": _QUERY, "variables": {"user": name}}),
            connect_timeout=self._timeout_seconds,
            request_timeout=self._timeout_seconds,
            follow_redirects=False,
        )
        try:
            response = await AsyncHTTPClient().fetch(request, raise_error=False)
        except (HTTPClientError, OSError) as error:
            raise PeopleError(f"the API cannot be reached: {error}") from error
        return read_person(response.code, response.body or b"")


def read_person(status: int, body: bytes) -> Person | None:
    """The person in an answer.

    Raises PeopleError for an answer that says nothing of anybody.
    """
    try:
        answer = json.loads(body)
        errors = answer.get("errors") or []
        if any(each["extensions"]["code"] == "NOT_FOUND" for each in errors):
            return None
        if status == _OK and not errors:
            context = answer["data"]["launchContext"]
            user = context["user"]
            groups = tuple(str(group["name"]) for group in context["groups"])
            return Person(str(user["name"]), user.get("isAdmin") is True, groups)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise PeopleError(f"the API answered status {status} and nothing of the person")
