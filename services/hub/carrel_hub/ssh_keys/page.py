"""The page on which people see, add and remove their SSH keys; a plain form, so that it works without scripts."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from jupyterhub.handlers.base import BaseHandler
from tornado.web import authenticated

from carrel_hub.settings import SshAddress
from carrel_hub.ssh_keys.public_key import KeyRefusedError
from carrel_hub.ssh_keys.store import LONGEST_TITLE, MOST_KEYS, KeyStore, fingerprint_in

PAGE = "ssh-keys"
_DEFAULT_PORT = 22


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed that could not be taken, and why."""

    title: str = ""
    key: str = ""
    problem: str = ""


def shown_time(value: datetime | None) -> str:
    """A time as people read it."""
    return "never" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def command_of(user: str, address: SshAddress) -> str:
    """The command that logs a user in."""
    port = "" if address.port == _DEFAULT_PORT else f"-p {address.port} "
    return f"ssh {port}{user}@{address.host}"


class _Page(BaseHandler):
    def initialize(self, address: SshAddress) -> None:
        self._address = address

    @property
    def store(self) -> KeyStore:
        return KeyStore(self.db, self.current_user.orm_user)

    async def show(self, typed: Typed) -> None:
        name = self.current_user.name
        html = await self.render_template(
            "ssh-keys.html",
            keys=self.store.all(),
            typed=typed,
            shown_time=shown_time,
            command=command_of(name, self._address),
            most_keys=MOST_KEYS,
            longest_title=LONGEST_TITLE,
        )
        self.finish(html)

    def back(self) -> None:
        """To the list, so that a reload sends nothing twice."""
        self.redirect(f"{self.hub.base_url}{PAGE}", status=HTTPStatus.SEE_OTHER)


class KeysPage(_Page):
    """`/hub/ssh-keys`: the list, and the form that adds to it."""

    @authenticated
    async def get(self) -> None:
        await self.show(Typed())

    @authenticated
    async def post(self) -> None:
        title, text = self.get_body_argument("title", ""), self.get_body_argument("key", "")
        try:
            key = self.store.add(title, text)
        except KeyRefusedError as problem:
            self.set_status(HTTPStatus.BAD_REQUEST)
            await self.show(Typed(title, "" if problem.secret else text, str(problem)))
            return
        self.log.info("%s has a new SSH key: %s", self.current_user.name, key.fingerprint)
        self.back()


class RemovePage(_Page):
    """`/hub/ssh-keys/remove`: takes one from the list; one that is gone already is no mistake."""

    @authenticated
    def post(self) -> None:
        store = self.store
        key = store.find(fingerprint_in(self.get_body_argument("id", "")))
        if key is not None:
            store.remove(key)
            self.log.info("%s has one SSH key less: %s", self.current_user.name, key.fingerprint)
        self.back()
