"""A visitor of the hub without JavaScript."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

import aiohttp

_PATIENCE_SECONDS = 90


@dataclass
class Page(HTMLParser):
    """What a visitor sees: text, form fields, links."""

    status: int
    url: str
    html: str
    words: list[str] = field(default_factory=list)
    inputs: list[dict[str, str | None]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    action: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._hidden = 0
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "style"):
            self._hidden += 1
        if tag == "input":
            self.inputs.append(values)
        if tag == "a":
            self.links.append(values.get("href") or "")
        if tag == "form":
            self.action = values.get("action") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.extend(data.split())

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def field(self, value: str) -> dict[str, str | None]:
        """The one field that stands for a value."""
        [found] = [each for each in self.inputs if each.get("value") == value]
        return found


class Visitor:
    """One who is logged in, follows redirects and sends forms."""

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str) -> None:
        self._session = session
        self.url = url
        self.name = name

    async def get(self, path: str) -> Page:
        async with self._session.get(self.url + path) as response:
            return Page(response.status, str(response.url), await response.text())

    async def post(self, path: str, form: dict[str, str]) -> Page:
        async with self._session.post(self.url + path, data=form) as response:
            return Page(response.status, str(response.url), await response.text())

    async def start(self, **choice: str) -> Page:
        """Sends the page's form with a choice, which need not be on it."""
        page = await self.get("/hub/spawn")
        return await self.post(page.action, choice)

    async def until(self, path: str, words: str) -> Page:
        """The page once it says the words."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            page = await self.get(path)
            if words in page.text:
                return page
            assert time.monotonic() < deadline, f'"{words}" is not said by: {page.text}'
            await asyncio.sleep(0.2)

    async def until_ready(self) -> None:
        """Until the user's server runs."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            _, answer = await self.api("GET", f"/users/{self.name}")
            if json.loads(answer)["servers"].get("", {}).get("ready"):
                return
            assert time.monotonic() < deadline, f"no server is ready: {answer}"
            await asyncio.sleep(0.2)

    async def api(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """The hub's REST API as this user."""
        page = await self.get("/hub/home")
        token = page.html.split('xsrf_token: "')[1].split('"')[0]
        headers = {"X-XSRFToken": token}
        async with self._session.request(method, f"{self.url}/hub/api{path}", json=body, headers=headers) as response:
            return response.status, await response.text()


@asynccontextmanager
async def logged_in(url: str, name: str) -> AsyncIterator[Visitor]:
    """A visitor with a session of the hub."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        visitor = Visitor(session, url, name)
        page = await visitor.get("/hub/login")
        token = next(each["value"] or "" for each in page.inputs if each.get("name") == "_xsrf")
        await visitor.post("/hub/login?next=/hub/home", {"username": name, "password": "", "_xsrf": token})
        yield visitor
