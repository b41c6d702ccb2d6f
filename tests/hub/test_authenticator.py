"""The real authenticator against a realm that is told what to answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from jupyterhub.app import JupyterHub
from traitlets.config import Config

from carrel_hub.authenticator import CarrelAuthenticator
from carrel_hub.configure import configure
from carrel_hub.settings import Settings

Json = dict[str, Any]
ADA = {"preferred_username": "ada", "sub": "1", "groups": ["physics", "Chemistry Lab"], "roles": ["it:small"]}


class Realm:
    """Userinfo of one person; `status` fails it."""

    def __init__(self) -> None:
        self.person: Json = dict(ADA)
        self.status = 200
        self.refreshed = 0

    async def userinfo(self, request: web.Request) -> web.Response:
        if self.status != 200 or request.headers["Authorization"] == "Bearer old":
            return web.Response(status=self.status if self.status != 200 else 401)
        return web.json_response(self.person)

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "again")
        self.refreshed += 1
        return web.json_response({"access_token": "new", "token_type": "Bearer", "refresh_token": "again"})


def person_with(access_token: str) -> Any:
    """A user of the hub with the tokens of a login."""
    tokens = {"access_token": access_token, "token_type": "Bearer", "refresh_token": "again"}

    async def auth_state() -> Json:
        return {**tokens, "token_response": tokens}

    return SimpleNamespace(name="ada", get_auth_state=auth_state)


@asynccontextmanager
async def served_realm() -> AsyncIterator[tuple[Realm, int]]:
    """A realm, and its port."""
    realm = Realm()
    app = web.Application()
    app.router.add_get("/realms/carrel/protocol/openid-connect/userinfo", realm.userinfo)
    app.router.add_post("/realms/carrel/protocol/openid-connect/token", realm.token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield realm, runner.addresses[0][1]
    finally:
        await runner.cleanup()


def authenticator_of(settings: Settings, port: int = 1) -> CarrelAuthenticator:
    identity = replace(settings.identity, backchannel_url=f"http://127.0.0.1:{port}")
    config = Config()
    configure(config, replace(settings, identity=identity))
    return CarrelAuthenticator(config=config)


def refresh(settings: Settings, token: str = "fresh", person: Json | None = None, status: int = 200) -> object:
    """What a refresh says while the realm answers so."""

    async def run() -> object:
        async with served_realm() as (realm, port):
            realm.person |= person or {}
            realm.status = status
            refreshed: object = await authenticator_of(settings, port).refresh_user(person_with(token))
            return refreshed

    return asyncio.run(run())


def test_addresses_are_public_for_browsers_and_of_the_cluster_for_the_hub(settings: Settings) -> None:
    config = Config()
    configure(config, settings)
    login = CarrelAuthenticator(config=config)
    public = "https://id.carrel.localhost:8443/realms/carrel/protocol/openid-connect"
    inside = "http://keycloak.carrel-identity.svc:8080/realms/carrel/protocol/openid-connect"
    assert {
        "authorize": login.authorize_url,
        "token": login.token_url,
        "userinfo": login.userdata_url,
        "callback": login.oauth_callback_url,
        "logout": login.logout_redirect_url,
        "pkce": login.enable_pkce,
    } == {
        "authorize": f"{public}/auth",
        "token": f"{inside}/token",
        "userinfo": f"{inside}/userinfo",
        "callback": "https://carrel.localhost:8443/hub/oauth_callback",
        "logout": (
            f"{public}/logout?client_id=hub&post_logout_redirect_uri=https%3A%2F%2Fcarrel.localhost%3A8443%2Fhub%2F"
        ),
        "pkce": True,
    }


def test_groups_come_as_the_realm_names_them_and_nobody_is_an_administrator_without_the_role(
    settings: Settings,
) -> None:
    model = refresh(settings)
    assert isinstance(model, dict)
    assert (model["name"], sorted(model["groups"]), model["admin"]) == ("ada", ["Chemistry Lab", "physics"], False)


def test_the_administrator_s_role_makes_an_administrator(settings: Settings) -> None:
    model = refresh(settings, person={"roles": ["carrel-admin"]})
    assert isinstance(model, dict)
    assert model["admin"] is True


def test_whoever_lost_every_group_has_none(settings: Settings) -> None:
    model = refresh(settings, person={"groups": None, "roles": None})
    assert isinstance(model, dict)
    assert (list(model["groups"]), model["admin"]) == ([], False)


def test_an_access_token_that_is_over_is_renewed(settings: Settings) -> None:
    model = refresh(settings, "old")
    assert isinstance(model, dict)
    assert model["auth_state"]["access_token"] == "new"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_users_stay_logged_in_while_the_realm_fails(settings: Settings, status: int) -> None:
    assert refresh(settings, status=status) is True


def test_users_stay_logged_in_while_the_realm_cannot_be_reached(settings: Settings) -> None:
    async def run() -> object:
        return await authenticator_of(settings).refresh_user(person_with("fresh"))

    assert asyncio.run(run()) is True


def test_the_launch_page_comes_before_the_hub_s_own(settings: Settings) -> None:
    paths = [path for path, _ in authenticator_of(settings).get_handlers(JupyterHub())]
    assert paths[-4:] == ["/spawn", "/spawn/([^/]+)", "/spawn/([^/]+)/([^/]+)", "/api/users/([^/]+)"]
