"""Tokens after the browser's session: the real authenticator, a realm and an API that are told what to answer."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from jupyterhub.app import JupyterHub
from traitlets.config import Config

from carrel_hub.configure import configure
from carrel_hub.settings import Settings
from carrel_hub.ssh_keys.authenticator import KeyAuthenticator
from support.fake_api import FakeApi
from support.web import WebThread

Json = dict[str, Any]
OPENID = "/realms/carrel/protocol/openid-connect"
TOKEN_CALL = SimpleNamespace(_token_authenticated=True)
BROWSER_CALL = SimpleNamespace()


def person() -> Any:
    """Ada with the tokens of a login whose session has ended."""
    tokens = {"access_token": "old", "token_type": "Bearer", "refresh_token": "old"}

    async def auth_state() -> Json:
        return {**tokens, "token_response": tokens}

    return SimpleNamespace(name="ada", get_auth_state=auth_state)


def refresh(
    settings: Settings, handler: object, *, person_of: Json | None = None, mode: str = "ok", status: int = 401
) -> tuple[object, bool]:
    """What a refresh says, and whether the API was asked, while the realm answers all with a status."""
    api = FakeApi()
    api.reset()
    api.mode = mode
    api.contexts = {} if person_of == {} else {"ada": person_of or api.contexts["ada"]}

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"error": "invalid_grant"}, status=status)

    realm = web.Application()
    for method, path in (("GET", "userinfo"), ("POST", "token")):
        realm.router.add_route(method, f"{OPENID}/{path}", answer)

    with WebThread(realm) as identity, WebThread(api.app) as platform:
        config = Config()
        reached = replace(settings.identity, backchannel_url=identity.url)
        api_url = f"{platform.url}/graphql"
        configure(config, replace(settings, identity=reached, api_url=api_url, api_timeout_seconds=20))
        authenticator = KeyAuthenticator(config=config)

        async def run() -> object:
            return await authenticator.refresh_user(person(), handler)

        return asyncio.run(run()), api.asked != []


def test_a_token_goes_on_with_the_rights_that_its_owner_has_by_now(settings: Settings) -> None:
    rights = {"name": "ada", "admin": False, "groups": ["physics", "Chemistry Lab"]}
    assert refresh(settings, TOKEN_CALL) == (rights, True)
    administrator = {"user": {"name": "ada", "isAdmin": True}, "groups": []}
    rights = {"name": "ada", "admin": True, "groups": []}
    assert refresh(settings, TOKEN_CALL, person_of=administrator) == (rights, True)


def test_a_token_ends_with_its_owner(settings: Settings) -> None:
    assert refresh(settings, TOKEN_CALL, person_of={}) == (False, True)


def test_a_browser_has_to_log_in_again(settings: Settings) -> None:
    assert refresh(settings, BROWSER_CALL) == (False, False)
    assert refresh(settings, None) == (False, False)


def test_tokens_are_good_while_nobody_can_say(settings: Settings) -> None:
    assert refresh(settings, TOKEN_CALL, mode="nonsense") == (True, False)


def test_a_realm_that_fails_is_not_asked_twice(settings: Settings) -> None:
    assert refresh(settings, TOKEN_CALL, status=503) == (True, False)


def test_keys_have_their_places_beside_the_launch_page_only_where_there_is_an_ssh_gateway(settings: Settings) -> None:
    def paths(given: Settings) -> list[str]:
        config = Config()
        configure(config, given)
        handlers = KeyAuthenticator(config=config).get_handlers(JupyterHub())
        return [path for path, *_ in handlers if "ssh" in path]

    assert paths(settings) == [
        "/ssh-keys",
        "/ssh-keys/remove",
        "/api/users/([^/]+)/ssh-keys",
        "/api/users/([^/]+)/ssh-keys/([^/]+)",
        "/api/ssh-login",
    ]
    assert paths(replace(settings, ssh=None)) == []
