"""The key service of the SSH gateway, as docs/guides/ssh.md has it."""

import base64
import binascii
import json
from http import HTTPStatus

from jupyterhub import orm
from jupyterhub.apihandlers.base import APIHandler
from tornado.web import HTTPError

from carrel_hub.ssh_keys.people import People, PeopleError
from carrel_hub.ssh_keys.public_key import fingerprint_of
from carrel_hub.ssh_keys.signed_login import NotSignedError, check_signed_login
from carrel_hub.ssh_keys.store import KeyStore, StoredKey
from carrel_hub.ssh_keys.tokens import make_token

LOGIN_SCOPE = "custom:ssh:login"


class SshLoginHandler(APIHandler):
    """`/hub/api/ssh-login`: whether a key is registered for a user, and a token for a login that it signed."""

    def initialize(self, people: People) -> None:
        self._people = people

    async def post(self) -> None:
        if not self.has_scope(LOGIN_SCOPE):
            # 403 is told to who logs in as a key that is not registered.
            raise HTTPError(HTTPStatus.UNAUTHORIZED, f"This is for the SSH gateway alone (scope {LOGIN_SCOPE})")
        body = self.get_json_body()
        asked = body if isinstance(body, dict) else {}
        name, algorithm = self._text(asked, "user"), self._text(asked, "algorithm")
        blob = self._bytes(asked, "key")
        user, key = self._registered(name, blob)
        if "signed" not in asked and "signature" not in asked:
            self.write(json.dumps({}))
            return
        try:
            check_signed_login(
                self._bytes(asked, "signed"), self._bytes(asked, "signature"), name, algorithm, key.public
            )
        except NotSignedError as error:
            raise self._refused(name, blob, str(error)) from error
        await self._check_person(name, blob)
        # The key may have been removed while the API was asked.
        user, key = self._registered(name, blob)
        token = make_token(self.db, user, key)
        KeyStore(self.db, user).used(key)
        self.log.info("SSH login of %s by key %s", name, key.fingerprint)
        self.write(json.dumps({"token": token}))

    def _text(self, asked: dict[str, object], field: str) -> str:
        value = asked.get(field)
        if not isinstance(value, str) or not value:
            raise HTTPError(HTTPStatus.BAD_REQUEST, f"{field} must be a text")
        return value

    def _bytes(self, asked: dict[str, object], field: str) -> bytes:
        try:
            return base64.b64decode(self._text(asked, field), validate=True)
        except (ValueError, binascii.Error) as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, f"{field} must be in base64") from error

    def _registered(self, name: str, blob: bytes) -> tuple[orm.User, StoredKey]:
        user = orm.User.find(self.db, name)
        key = None if user is None else KeyStore(self.db, user).find(fingerprint_of(blob))
        if key is None:
            raise HTTPError(HTTPStatus.FORBIDDEN, "the key is not registered for this user")
        return user, key

    async def _check_person(self, name: str, blob: bytes) -> None:
        """A key is no way around a login by the browser: who cannot do that is refused here too."""
        try:
            person = await self._people.find(name)
        except PeopleError as error:
            self.log.error("SSH login of %s: %s", name, error)
            raise HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, "%s", error) from error
        if person is None:
            raise self._refused(name, blob, "the person is unknown or disabled")
        if not person.groups:
            raise self._refused(name, blob, "the person is in no group")

    def _refused(self, name: str, blob: bytes, reason: str) -> HTTPError:
        self.log.warning("SSH login of %s by key %s refused: %s", name, fingerprint_of(blob), reason)
        return HTTPError(HTTPStatus.FORBIDDEN, "%s", reason)
