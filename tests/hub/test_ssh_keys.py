"""SSH keys on the real hub: its page, its API, and the gateway's questions."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from carrel_hub.ssh_keys.public_key import read_public_key
from support.browser import Page, Visitor, logged_in
from support.hub import Hub, running_hub
from support.samples import ENVIRONMENT
from support.ssh_keys import KeyPair, new_key, signed_data

Json = dict[str, Any]
GATEWAY = ENVIRONMENT["SSH_GATEWAY_TOKEN"]
KEYS = "/users/ada/ssh-keys"


@pytest.fixture
def hub(shared_hub: Hub) -> Hub:
    shared_hub.api.reset()
    return shared_hub


class Client:
    """Calls the hub's API with a token."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def call(self, method: str, path: str, token: str, body: object = None) -> tuple[int, Json]:
        headers = {"Authorization": f"token {token}"}
        async with self._session.request(method, f"{self._url}/hub/api{path}", json=body, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else {}

    async def login(self, pair: KeyPair, user: str = "ada", token: str = GATEWAY, **fields: str) -> tuple[int, Json]:
        """A whole login by an ed25519 key, as the gateway hands it on; fields replace others."""
        blob = read_public_key(pair.line).blob
        data = signed_data(user, "ssh-ed25519", blob)
        proof = {"signed": encoded(data), "signature": encoded(pair.sign("", data))}
        body = {**offer(pair, user), **proof, **fields}
        return await self.call("POST", "/ssh-login", token, body)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def offer(pair: KeyPair, user: str = "ada") -> dict[str, str]:
    """The first question of a gateway: whether a key is worth a signature."""
    return {"user": user, "algorithm": "ssh-ed25519", "key": encoded(read_public_key(pair.line).blob)}


@asynccontextmanager
async def client_of(hub: Hub) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, hub.url)


def visit(hub: Hub, act: Callable[[Visitor, Client], Awaitable[None]], name: str = "ada") -> None:
    """Acts as a user who is logged in and has no keys."""

    async def run() -> None:
        async with logged_in(hub.url, name) as visitor, client_of(hub) as client:
            _, answer = await visitor.api("GET", f"/users/{name}/ssh-keys")
            for key in json.loads(answer)["ssh_keys"]:
                await visitor.api("DELETE", f"/users/{name}/ssh-keys/{key['id']}")
            await act(visitor, client)

    asyncio.run(run())


def xsrf_of(page: Page) -> str:
    return next(each["value"] or "" for each in page.inputs if each.get("name") == "_xsrf")


async def add(visitor: Visitor, title: str, key: str) -> Page:
    """Fills in the page's form."""
    page = await visitor.get("/hub/ssh-keys")
    return await visitor.post("/hub/ssh-keys", {"_xsrf": xsrf_of(page), "title": title, "key": key})


async def made_token(visitor: Visitor, scopes: list[str]) -> str:
    status, answer = await visitor.api("POST", f"/users/{visitor.name}/tokens", {"scopes": scopes})
    assert status == 201, answer
    token: str = json.loads(answer)["token"]
    return token


def test_the_page_adds_lists_and_removes_keys(hub: Hub, tmp_path: Path) -> None:
    pair = new_key(tmp_path)

    async def act(visitor: Visitor, _client: Client) -> None:
        empty = await visitor.get("/hub/ssh-keys")
        assert "You have no keys yet." in empty.text
        assert "ssh -p 2222 ada@carrel.localhost" in empty.text
        page = await add(visitor, "my <b>laptop", f"{pair.line} ada\r\n")
        assert (page.status, page.url) == (200, f"{hub.url}/hub/ssh-keys")
        assert f"my <b>laptop ssh-ed25519 {pair.fingerprint}" in page.text
        assert "ssh -p 2222 ada@carrel.localhost" in page.text
        assert "<b>laptop" not in page.html
        assert "UTC never Remove" in page.text
        [key_id] = [each["value"] or "" for each in page.inputs if each.get("name") == "id"]
        gone = await visitor.post("/hub/ssh-keys/remove", {"_xsrf": xsrf_of(page), "id": key_id})
        assert (gone.status, "You have no keys yet." in gone.text) == (200, True)
        again = await visitor.post("/hub/ssh-keys/remove", {"_xsrf": xsrf_of(gone), "id": key_id})
        assert again.status == 200

    visit(hub, act)


def test_every_page_of_who_is_logged_in_has_the_link(hub: Hub) -> None:
    async def act(visitor: Visitor, _client: Client) -> None:
        for path in ("/hub/home", "/hub/token", "/hub/spawn", "/hub/ssh-keys"):
            page = await visitor.get(path)
            navigation = [link for link in page.links if link in ("/hub/home", "/hub/token", "/hub/ssh-keys")]
            assert navigation[:3] == ["/hub/home", "/hub/token", "/hub/ssh-keys"], path

    visit(hub, act)


def test_what_cannot_be_taken_is_told_on_the_page_with_what_was_typed(hub: Hub) -> None:
    async def act(visitor: Visitor, _client: Client) -> None:
        page = await add(visitor, "my laptop", "ssh-ed25519 AAAA</textarea>")
        assert page.status == 400
        assert "The key after ssh-ed25519 cannot be read; it may have been cut off" in page.text
        assert "ssh-ed25519 AAAA</textarea>" in unescape(page.html.split("<textarea")[1].split("</textarea>")[0])
        assert [each["value"] for each in page.inputs if each.get("name") == "title"] == ["my laptop"]

    visit(hub, act)


def test_a_private_key_is_neither_shown_nor_logged(hub: Hub, tmp_path: Path) -> None:
    secret = new_key(tmp_path).file.read_text()

    async def act(visitor: Visitor, _client: Client) -> None:
        page = await add(visitor, "", secret)
        assert (page.status, "This is a private key" in page.text) == (400, True)
        lines = [line for line in secret.splitlines() if not line.startswith("-----")]
        assert [line for line in lines if line in page.html or line in hub.log] == []

    visit(hub, act)


def test_a_form_of_another_site_changes_nothing(hub: Hub, tmp_path: Path) -> None:
    line = new_key(tmp_path).line

    async def act(visitor: Visitor, _client: Client) -> None:
        for form in ({"key": line}, {"key": line, "_xsrf": "forged"}):
            assert (await visitor.post("/hub/ssh-keys", form)).status == 403
        assert json.loads((await visitor.api("GET", KEYS))[1]) == {"ssh_keys": []}
        await add(visitor, "", line)
        assert (await visitor.post("/hub/ssh-keys/remove", {"id": "x"})).status == 403
        assert len(json.loads((await visitor.api("GET", KEYS))[1])["ssh_keys"]) == 1

    visit(hub, act)


def test_nobody_who_is_not_logged_in_sees_the_page(hub: Hub) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{hub.url}/hub/ssh-keys") as response:
                assert "/hub/login" in str(response.url)
            async with session.post(f"{hub.url}/hub/ssh-keys", data={"key": "x"}) as response:
                assert response.status == 403

    asyncio.run(run())


def test_the_api_adds_lists_and_removes_keys(hub: Hub, tmp_path: Path) -> None:
    pair = new_key(tmp_path, comment="ada@laptop")

    async def act(visitor: Visitor, client: Client) -> None:
        token = await made_token(visitor, ["tokens!user=ada"])
        status, key = await client.call("POST", KEYS, token, {"key": pair.line})
        kind, encoded_blob = pair.line.split()[:2]
        assert (status, key) == (
            201,
            {
                "id": pair.fingerprint.removeprefix("SHA256:").replace("+", "-").replace("/", "_"),
                "title": "ada@laptop",
                "key": f"{kind} {encoded_blob}",
                "fingerprint": pair.fingerprint,
                "created": key["created"],
                "last_used": None,
            },
        )
        assert await client.call("GET", KEYS, token) == (200, {"ssh_keys": [key]})
        status, again = await client.call("POST", KEYS, token, {"key": pair.line})
        assert (status, again["message"][:41]) == (400, "You have registered this key already, as ")
        assert (await client.call("DELETE", f"{KEYS}/{key['id']}", token))[0] == 204
        assert (await client.call("DELETE", f"{KEYS}/{key['id']}", token))[0] == 404
        assert (await client.call("POST", KEYS, token, {"key": 1}))[0] == 400
        assert (await client.call("POST", KEYS, token, ["key"]))[0] == 400

    visit(hub, act)


def test_only_who_may_make_tokens_of_a_user_may_touch_their_keys(hub: Hub, tmp_path: Path) -> None:
    body = {"key": new_key(tmp_path).line}

    async def act(visitor: Visitor, client: Client) -> None:
        weak = await made_token(visitor, ["access:servers!user=ada", "servers!user=ada"])
        reader = await made_token(visitor, ["read:tokens!user=ada"])
        tried = {
            "weak get": await client.call("GET", KEYS, weak),
            "weak post": await client.call("POST", KEYS, weak, body),
            "weak delete": await client.call("DELETE", f"{KEYS}/x", weak),
            "reader post": await client.call("POST", KEYS, reader, body),
            "gateway get": await client.call("GET", KEYS, GATEWAY),
            "gateway post": await client.call("POST", KEYS, GATEWAY, body),
            "gateway tokens": await client.call("POST", "/users/ada/tokens", GATEWAY, {}),
            "nobody": await client.call("POST", KEYS, "wrong", body),
        }
        assert {name: status for name, (status, _) in tried.items() if status != 403} == {}
        assert await client.call("GET", KEYS, reader) == (200, {"ssh_keys": []})
        mine = await made_token(visitor, ["tokens!user=ada"])
        assert (await client.call("POST", "/users/eve/ssh-keys", mine, body))[0] == 404

    visit(hub, act)


def test_a_signed_login_gets_a_token_that_reaches_one_s_own_servers_alone(hub: Hub, tmp_path: Path) -> None:
    pair, other = new_key(tmp_path), new_key(tmp_path)

    async def act(visitor: Visitor, client: Client) -> None:
        assert (await client.call("POST", "/ssh-login", GATEWAY, offer(pair)))[0] == 403
        await add(visitor, "laptop", pair.line)
        assert await client.call("POST", "/ssh-login", GATEWAY, offer(pair)) == (200, {})
        for wrong in (offer(other), offer(pair, "eve"), offer(pair, "mallory"), offer(pair, "Ada")):
            assert (await client.call("POST", "/ssh-login", GATEWAY, wrong))[0] == 403
        status, answer = await client.login(pair)
        assert (status, list(answer)) == (200, ["token"])
        _, owner = await client.call("GET", "/user", answer["token"])
        assert (owner["name"], owner["kind"]) == ("ada", "user")
        _, listed = await visitor.api("GET", "/users/ada/tokens")
        [made] = [each for each in json.loads(listed)["api_tokens"] if each["note"].startswith("ssh key")]
        assert (made["note"], made["id"]) == (f"ssh key laptop {pair.fingerprint}", owner["token_id"])
        denied = [
            await client.call("POST", "/users/ada/tokens", answer["token"], {}),
            await client.call("POST", KEYS, answer["token"], {"key": other.line}),
            await client.call("GET", "/users/eve", answer["token"]),
        ]
        assert [status for status, _ in denied] == [403, 403, 404]
        assert (await client.call("GET", "/users/ada/server/progress", answer["token"]))[0] in (400, 404)
        assert "UTC never" not in (await visitor.get("/hub/ssh-keys")).text

    visit(hub, act)


def test_what_the_key_did_not_sign_gets_nothing(hub: Hub, tmp_path: Path) -> None:
    pair, other = new_key(tmp_path), new_key(tmp_path)

    async def act(visitor: Visitor, client: Client) -> None:
        await add(visitor, "laptop", pair.line)
        data = signed_data("eve", "ssh-ed25519", read_public_key(pair.line).blob)
        answers = {
            "of another key": await client.login(pair, signature=encoded(other.sign("", data))),
            "for another user": await client.login(pair, signed=encoded(data), signature=encoded(pair.sign("", data))),
            "with no signature": await client.login(pair, signature=""),
            "no base64": await client.login(pair, signed="%"),
            "no user": await client.login(pair, user=""),
        }
        assert {name: status for name, (status, _) in answers.items()} == {
            "of another key": 403,
            "for another user": 403,
            "with no signature": 400,
            "no base64": 400,
            "no user": 400,
        }
        assert answers["for another user"][1]["message"] == "what was signed is not for this user"

    visit(hub, act)


def test_nobody_but_the_gateway_is_answered(hub: Hub, tmp_path: Path) -> None:
    pair = new_key(tmp_path)

    async def act(visitor: Visitor, client: Client) -> None:
        await add(visitor, "laptop", pair.line)
        own = await made_token(visitor, ["tokens!user=ada"])
        strangers = [own, ENVIRONMENT["CULLER_API_TOKEN"], "wrong"]
        assert [(await client.login(pair, token=token))[0] for token in strangers] == [401, 401, 401]
        status, _ = await visitor.api("POST", "/ssh-login", offer(pair))
        assert status == 401

    visit(hub, act)


def test_a_key_is_no_way_around_a_login_that_the_realm_would_refuse(hub: Hub, tmp_path: Path) -> None:
    pair = new_key(tmp_path)

    async def act(visitor: Visitor, client: Client) -> None:
        await add(visitor, "laptop", pair.line)
        hub.api.contexts["ada"]["groups"] = []
        assert await client.login(pair) == (403, {"status": 403, "message": "the person is in no group"})
        del hub.api.contexts["ada"]
        assert await client.login(pair) == (403, {"status": 403, "message": "the person is unknown or disabled"})
        hub.api.mode = "down"
        status, answer = await client.login(pair)
        assert (status, answer["message"].startswith("the API cannot be reached: ")) == (503, True)
        hub.api.reset()
        assert (await client.login(pair))[0] == 200

    visit(hub, act)


def test_removing_a_key_ends_what_it_opened(hub: Hub, tmp_path: Path) -> None:
    pair = new_key(tmp_path)

    async def act(visitor: Visitor, client: Client) -> None:
        page = await add(visitor, "laptop", pair.line)
        _, answer = await client.login(pair)
        [key_id] = [each["value"] or "" for each in page.inputs if each.get("name") == "id"]
        assert (await client.call("GET", "/user", answer["token"]))[0] == 200
        await visitor.post("/hub/ssh-keys/remove", {"_xsrf": xsrf_of(page), "id": key_id})
        assert (await client.call("GET", "/user", answer["token"]))[0] == 403
        assert (await client.login(pair))[0] == 403

    visit(hub, act)


def test_keys_outlive_the_hub_and_end_with_their_user(tmp_path: Path) -> None:
    pair = new_key(tmp_path)
    folder = tmp_path / "hub"
    folder.mkdir()

    async def add_as(running: Hub, name: str) -> None:
        async with logged_in(running.url, name) as visitor:
            await add(visitor, "laptop", pair.line)

    async def ask(running: Hub) -> list[int]:
        async with client_of(running) as client:
            return [(await client.login(pair, name))[0] for name in ("ada", "eve")]

    async def delete(running: Hub, name: str) -> None:
        async with logged_in(running.url, "root") as visitor:
            assert (await visitor.api("DELETE", f"/users/{name}"))[0] == 204

    with running_hub(folder) as running:
        running.api.contexts["eve"] = {**running.api.contexts["ada"], "user": {"name": "eve"}}
        for name in ("ada", "eve"):
            asyncio.run(add_as(running, name))
        running.stop()
        running.start()
        assert asyncio.run(ask(running)) == [200, 200]
        asyncio.run(delete(running, "ada"))
        assert asyncio.run(ask(running)) == [403, 200]
