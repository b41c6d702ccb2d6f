"""The hub's page for starting a server, and what else of the hub is answered otherwise."""

import asyncio
from collections.abc import Mapping

from jupyterhub.apihandlers.users import UserAPIHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from tornado import web
from tornado.httputil import url_concat

from carrel_hub.choice import AUTOSTART, Choice, ChoiceError, is_on, options_from_form, read_choice
from carrel_hub.launch_error import LaunchError
from carrel_hub.launch_page import launch_page
from carrel_hub.spawner import CarrelSpawner

Fields = Mapping[str, list[bytes]]

_STOP_SECONDS = 10


def _texts(fields: Fields) -> dict[str, list[str]]:
    return {name: [each.decode(errors="replace") for each in values] for name, values in fields.items()}


class LaunchHandler(SpawnHandler):
    """Shows the choice of group, instance type and image; a link starts a server only where it says autostart."""

    async def _get(self, user_name: str, server_name: str) -> object:
        query = self.request.query_arguments
        self.linked = _texts(query)
        if not is_on((self.linked.get(AUTOSTART) or [""])[0]):
            # The hub starts a server for every query that it sees.
            self.request.query_arguments = {name: query[name] for name in ("next",) if name in query}
        return await super()._get(user_name=user_name, server_name=server_name)

    def _wanted(self, spawner: CarrelSpawner) -> Choice:
        """What was just sent, else what the link says, else what was started last."""
        for fields in (_texts(self.request.body_arguments), getattr(self, "linked", {})):
            options = options_from_form(fields)
            if len(options) > 1:
                return read_choice(options)
        try:
            return read_choice({**spawner.user_options, "safeMode": False})
        except ChoiceError:
            return Choice(None, None, None, False)

    async def _render_form(
        self, for_user: User, spawner_options_form: object, message: str = "", html_message: str = ""
    ) -> str:
        server_name = self.path_args[1] if len(self.path_args) > 1 else ""
        spawner: CarrelSpawner = for_user.get_spawner(server_name)
        page = None
        try:
            page = launch_page(await spawner.launch_context(), self._wanted(spawner), self.request.path)
        except LaunchError as error:
            self.set_status(error.status_code)
            message = error.jupyterhub_message
        html: str = await self.render_template(
            "spawn.html",
            for_user=for_user,
            page=page,
            error_message=message,
            contact=spawner.settings.contact,
            server_name=server_name,
            url=url_concat(self.request.path, {"_xsrf": self.xsrf_token.decode("ascii"), **self._next()}),
        )
        return html

    def _next(self) -> dict[str, str]:
        after = self.get_argument("next", "")
        return {"next": after} if after else {}


class UserHandler(UserAPIHandler):
    """Deletes a user with all servers: the hub's own way fails where one starts, or has a name."""

    @needs_scope("delete:users")
    async def delete(self, user_name: str) -> None:
        user = self.find_user(user_name)
        if user is not None and user.name != self.current_user.name:
            for name in list(user.spawners):
                await self._stop(user, name)
        await super().delete(user_name)

    async def _stop(self, user: User, name: str) -> None:
        """Raises HTTPError where the server takes long to stop."""
        spawner = user.spawners[name]
        if spawner.pending == "spawn" and spawner._spawn_future is not None:
            spawner._spawn_future.cancel()
        # A start that failed stops its server before it ends.
        ending = {getattr(spawner, "_stop_future", None), spawner._spawn_future} - {None}
        if spawner.pending and ending:
            await asyncio.wait(ending, timeout=_STOP_SECONDS)
        if spawner.ready:
            await self.stop_single_user(user, name)
        if spawner.active:
            server = f'server "{name}"' if name else "server"
            raise web.HTTPError(400, f"{user.name}'s {server} cannot be stopped yet: try again in a minute")


LAUNCH_HANDLERS = [
    (r"/spawn", LaunchHandler),
    (r"/spawn/([^/]+)", LaunchHandler),
    (r"/spawn/([^/]+)/([^/]+)", LaunchHandler),
    (r"/api/users/([^/]+)", UserHandler),
]
