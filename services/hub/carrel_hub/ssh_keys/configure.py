"""Wires SSH keys into the hub's traits."""

from dataclasses import dataclass, field
from typing import Any

from traitlets.config import Config

from carrel_hub.settings import SshAddress
from carrel_hub.ssh_keys.login import LOGIN_SCOPE, SshLoginHandler
from carrel_hub.ssh_keys.page import PAGE, KeysPage, RemovePage
from carrel_hub.ssh_keys.people import People
from carrel_hub.ssh_keys.rest import KeyHandler, KeyListHandler

_SERVICE = "ssh-gateway"


@dataclass(frozen=True, slots=True)
class SshKeys:
    """How people reach the SSH gateway, and the token by which the hub knows it."""

    address: SshAddress
    people: People
    gateway_token: str = field(repr=False)


def ssh_key_handlers(keys: SshKeys) -> list[tuple[Any, ...]]:
    """What the hub answers below its own prefix."""
    address = {"address": keys.address}
    return [
        (f"/{PAGE}", KeysPage, address),
        (f"/{PAGE}/remove", RemovePage, address),
        (r"/api/users/([^/]+)/ssh-keys", KeyListHandler),
        (r"/api/users/([^/]+)/ssh-keys/([^/]+)", KeyHandler),
        ("/api/ssh-login", SshLoginHandler, {"people": keys.people}),
    ]


def configure_ssh_keys(config: Config, keys: SshKeys) -> None:
    """Lets the gateway in, for logins by key alone, and shows the page's link. The authenticator adds the handlers."""
    hub = config.JupyterHub
    hub.custom_scopes = {LOGIN_SCOPE: {"description": "Log people in over SSH by a key that they registered"}}
    hub.services = [*(hub.get("services") or []), {"name": _SERVICE, "api_token": keys.gateway_token}]
    role = {"name": _SERVICE, "scopes": [LOGIN_SCOPE], "services": [_SERVICE]}
    hub.load_roles = [*(hub.get("load_roles") or []), role]
    hub.template_vars = {"ssh_keys_page": PAGE}
