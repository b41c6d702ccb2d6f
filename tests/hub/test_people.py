import asyncio
from typing import Any

import pytest

from carrel_hub.ssh_keys.people import People, PeopleError, Person, read_person
from support.fake_api import FakeApi
from support.samples import ENVIRONMENT
from support.web import WebThread

Json = dict[str, Any]


def find(name: str, mode: str = "ok", context: Json | None = None) -> Person | None:
    """What the API is told to say of somebody."""
    api = FakeApi()
    api.reset()
    api.mode = mode
    if context is not None:
        api.contexts[name] = context

    async def ask(url: str) -> Person | None:
        patience = 1 if mode == "slow" else 20
        return await People(url, ENVIRONMENT["API_SERVER_SECRET"], patience).find(name)

    with WebThread(api.app) as web:
        return asyncio.run(ask(f"{web.url}/graphql"))


def test_a_person_has_groups_and_perhaps_the_platform() -> None:
    assert find("ada") == Person("ada", is_admin=False, groups=("physics", "Chemistry Lab"))
    root = {"user": {"name": "root", "isAdmin": True}, "groups": []}
    assert find("root", context=root) == Person("root", is_admin=True, groups=())


def test_whoever_is_unknown_or_disabled_is_nobody() -> None:
    assert find("mallory") is None


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("down", r"^the API cannot be reached: "),
        ("slow", r"^the API cannot be reached: "),
        ("unauthorized", r"^the API answered status 401 and nothing of the person$"),
        ("nonsense", r"^the API answered status 200 and nothing of the person$"),
        ("error", r"^the API answered status 200 and nothing of the person$"),
    ],
)
def test_an_api_that_cannot_say_is_not_taken_for_a_no(mode: str, message: str) -> None:
    with pytest.raises(PeopleError, match=message):
        find("ada", mode)


def test_an_api_that_is_not_there_is_not_taken_for_a_no() -> None:
    with pytest.raises(PeopleError, match=r"^the API cannot be reached: "):
        asyncio.run(People("http://127.0.0.1:1", "secret", 20).find("ada"))


@pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b'{"errors": "no"}', b'{"data": {"launchContext": null}}'])
def test_an_answer_of_another_form_is_not_taken_for_a_no(body: bytes) -> None:
    with pytest.raises(PeopleError):
        read_person(200, body)
