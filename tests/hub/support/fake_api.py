"""The platform's API, as far as the hub asks it."""

import asyncio
import copy
from typing import Any

from aiohttp import web

from support.samples import CONTEXT, ENVIRONMENT

Json = dict[str, Any]
SLOW_SECONDS = 30


class FakeApi:
    """Answers launchContext by user; `mode` says how it fails: down, unauthorized, slow, nonsense, error."""

    def __init__(self) -> None:
        self.contexts: dict[str, Json] = {}
        self.mode = "ok"
        self.asked: list[Json] = []
        self.app = web.Application()
        self.app.router.add_post("/graphql", self._answer)

    def reset(self) -> None:
        self.mode = "ok"
        self.asked = []
        self.contexts = {"ada": copy.deepcopy(CONTEXT), "eve": {"user": {"name": "eve"}, "groups": []}}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.mode == "down":
            transport = request.transport
            assert transport is not None
            transport.close()
            return web.Response()
        if self.mode == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if self.mode == "nonsense":
            return web.Response(text="<html>gateway</html>")
        if self.mode == "error":
            return web.json_response({"data": None, "errors": [{"message": "Keycloak does not answer"}]})
        authorized = request.headers.get("Authorization") == f"Bearer {ENVIRONMENT['API_SERVER_SECRET']}"
        if self.mode == "unauthorized" or not authorized:
            return web.json_response({"errors": [{"message": "no"}]}, status=401)
        body = await request.json()
        self.asked.append(body["variables"])
        context = self.contexts.get(body["variables"]["user"])
        if context is None:
            unknown = {"message": "unknown user", "extensions": {"code": "NOT_FOUND"}}
            return web.json_response({"data": None, "errors": [unknown]})
        wanted = body["variables"].get("group")
        groups = [each for each in context["groups"] if wanted in (None, each["name"])]
        return web.json_response({"data": {"launchContext": {**context, "groups": groups}}})
