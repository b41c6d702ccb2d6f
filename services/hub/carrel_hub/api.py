"""The hub's side of the platform's API."""

import json
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from carrel_hub.context import Context, ContextError, read_context

_QUERY = (Path(__file__).parent / "launch_context.graphql").read_text()


class ApiError(Exception):
    """The API gave no usable answer; the message says why, for the log and for people."""


class ApiClient:
    """Asks `launchContext` with the secret that the servers share."""

    def __init__(self, url: str, secret: str, timeout_seconds: float) -> None:
        self._url = url
        self._secret = secret
        self._timeout_seconds = timeout_seconds

    async def launch_context(self, user: str, group: str | None = None) -> Context:
        """What the user may start, in one group or in all of the user's groups.

        Raises ApiError where the API is down, slow, refuses the secret or answers something else.
        """
        data = await self._ask({"user": user, "group": group})
        try:
            return read_context(data.get("launchContext"))
        except ContextError as error:
            raise ApiError(f"its answer cannot be read: {error}") from error

    async def _ask(self, variables: Mapping[str, str | None]) -> Mapping[str, object]:
        timeout = aiohttp.ClientTimeout(total=self._timeout_seconds)
        headers = {"Authorization": f"Bearer {self._secret}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.post(self._url, json={"query": _QUERY, "variables": variables}) as response,
            ):
                return _data(response.status, await response.text())
        except TimeoutError as error:
            raise ApiError(f"no answer within {self._timeout_seconds:g} s") from error
        except aiohttp.ClientError as error:
            raise ApiError(f"it cannot be reached: {error}") from error


def _data(status: int, body: str) -> Mapping[str, object]:
    if status in (401, 403):
        raise ApiError(f"it refuses the hub's secret with status {status}: both must have the same API_SERVER_SECRET")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ApiError(f"it answered status {status} with no JSON object")
    errors = answer.get("errors")
    if errors:
        first = errors[0] if isinstance(errors, list) else errors
        raise ApiError(str(first.get("message", first)) if isinstance(first, dict) else str(first))
    data = answer.get("data")
    if not isinstance(data, dict):
        raise ApiError(f"it answered status {status} without data")
    return data
