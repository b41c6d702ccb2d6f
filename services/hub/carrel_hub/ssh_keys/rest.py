"""Keys in the hub's REST API, for who may make tokens of the user: a key is a way to them."""

import json
from datetime import datetime
from http import HTTPStatus

from jupyterhub import orm
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from carrel_hub.ssh_keys.public_key import KeyRefusedError
from carrel_hub.ssh_keys.store import KeyStore, StoredKey, fingerprint_in


def _time(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat(timespec='seconds')}Z"


def key_model(key: StoredKey) -> dict[str, str | None]:
    """A key as the API shows it; `id` is its part of a URL."""
    return {
        "id": key.path,
        "title": key.title,
        "key": key.line,
        "fingerprint": key.fingerprint,
        "created": _time(key.created),
        "last_used": _time(key.last_used),
    }


class _KeysHandler(APIHandler):
    def store_of(self, user_name: str) -> KeyStore:
        user = orm.User.find(self.db, user_name)
        if user is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, f"No such user: {user_name}")
        return KeyStore(self.db, user)


class KeyListHandler(_KeysHandler):
    """`/hub/api/users/NAME/ssh-keys`"""

    @needs_scope("read:tokens")
    def get(self, user_name: str) -> None:
        self.write(json.dumps({"ssh_keys": [key_model(key) for key in self.store_of(user_name).all()]}))

    @needs_scope("tokens")
    def post(self, user_name: str) -> None:
        store = self.store_of(user_name)
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise HTTPError(HTTPStatus.BAD_REQUEST, 'Give an object: {"title": "laptop", "key": "ssh-ed25519 AAAA..."}')
        title, text = body.get("title") or "", body.get("key") or ""
        if not isinstance(title, str) or not isinstance(text, str):
            raise HTTPError(HTTPStatus.BAD_REQUEST, "title and key must be texts")
        try:
            key = store.add(title, text)
        except KeyRefusedError as problem:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "%s", problem) from problem
        self.log.info("%s has a new SSH key: %s", user_name, key.fingerprint)
        self.set_status(HTTPStatus.CREATED)
        self.write(json.dumps(key_model(key)))


class KeyHandler(_KeysHandler):
    """`/hub/api/users/NAME/ssh-keys/ID`"""

    @needs_scope("tokens")
    def delete(self, user_name: str, key_id: str) -> None:
        store = self.store_of(user_name)
        key = store.find(fingerprint_in(key_id))
        if key is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, f"{user_name} has no such SSH key")
        store.remove(key)
        self.log.info("%s has one SSH key less: %s", user_name, key.fingerprint)
        self.set_status(HTTPStatus.NO_CONTENT)
