"""The hub's own configuration, with a login by name and without a proxy in front."""

import os
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.proxy import Proxy
from traitlets.config import get_config

from carrel_hub.configure import configure, ssh_keys_of
from carrel_hub.handlers import LAUNCH_HANDLERS
from carrel_hub.settings import load_settings
from carrel_hub.ssh_keys.configure import ssh_key_handlers

settings = load_settings(os.environ)


class NameLogin(DummyAuthenticator):
    def get_handlers(self, app: JupyterHub) -> list[Any]:
        keys = ssh_keys_of(settings)
        return [*super().get_handlers(app), *LAUNCH_HANDLERS, *(ssh_key_handlers(keys) if keys else [])]


class NoProxy(Proxy):
    """Keeps routes to itself: the tests ask the hub directly."""

    should_start = False

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._routes: dict[str, dict[str, object]] = {}

    async def add_route(self, routespec: str, target: str, data: object) -> None:
        self._routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec: str) -> None:
        self._routes.pop(routespec, None)

    async def get_all_routes(self) -> dict[str, dict[str, object]]:
        return self._routes


c = get_config()
configure(c, settings)
c.JupyterHub.authenticator_class = NameLogin
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_bind_url = os.environ["TEST_HUB_URL"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"root"}
c.CarrelSpawner.port = int(os.environ["TEST_NOTEBOOK_PORT"])
