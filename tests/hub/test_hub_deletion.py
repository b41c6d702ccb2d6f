"""Users and servers that are taken away, whatever was under way."""

import asyncio

import pytest

from support.browser import Visitor, logged_in
from support.hub import Hub
from support.visits import SMALL, until_asked, until_gone, until_knocked, until_made, until_pods, visit


async def _none_left(hub: Hub) -> None:
    """Also none that a request on its way still brings."""
    await until_made(hub)
    await until_gone(hub)
    assert hub.cluster.pods == {}


async def _until_under_way(hub: Hub, ada: Visitor) -> None:
    if hub.cluster.outcome == "run":
        await ada.until_ready()
    elif hub.cluster.outcome == "slow":
        await until_asked(hub)
    elif hub.cluster.outcome == "deaf":
        await until_knocked(hub)
    else:
        await until_pods(hub, 1)


@pytest.mark.parametrize("outcome", ["crowded", "slow", "deaf", "run"])
def test_a_user_who_is_deleted_leaves_no_server_and_keeps_the_home(hub: Hub, outcome: str) -> None:
    hub.cluster.outcome = outcome

    async def run() -> None:
        async with logged_in(hub.url, "ada") as ada, logged_in(hub.url, "root") as root:
            await ada.start(**SMALL)
            await _until_under_way(hub, ada)
            status, answer = await root.api("DELETE", "/users/ada")
            assert (status, answer) == (204, "")
            assert (await root.api("GET", "/users/ada"))[0] == 404
            await _none_left(hub)
            assert len(hub.cluster.created) == 1
            assert "home-ada" in hub.cluster.claims

    asyncio.run(run())


def test_a_user_who_is_deleted_leaves_no_named_server_either(hub: Hub) -> None:
    async def run() -> None:
        async with logged_in(hub.url, "ada") as ada, logged_in(hub.url, "root") as root:
            await ada.start(**SMALL)
            await ada.until_ready()
            hub.cluster.outcome = "crowded"
            assert (await ada.api("POST", "/users/ada/servers/second", SMALL))[0] == 202
            await until_pods(hub, 2)
            assert (await root.api("DELETE", "/users/ada")) == (204, "")
            await _none_left(hub)

    asyncio.run(run())


def test_whoever_may_not_delete_users_stops_nothing(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        await visitor.until_ready()
        async with logged_in(hub.url, "eve") as eve:
            assert (await eve.api("DELETE", "/users/ada"))[0] in (403, 404)
        assert list(hub.cluster.pods) == ["jupyter-ada"]

    visit(hub, act)


def test_a_start_that_is_called_off_while_its_pod_is_asked_for_leaves_none(hub: Hub) -> None:
    hub.cluster.outcome = "slow"

    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        await until_asked(hub)
        assert (await visitor.api("DELETE", "/users/ada/server"))[0] == 204
        await _none_left(hub)
        assert len(hub.cluster.created) == 1

    visit(hub, act)
