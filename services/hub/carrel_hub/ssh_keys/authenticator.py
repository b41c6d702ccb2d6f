"""Login through the realm, where people have SSH keys and tokens beside it."""

from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.user import User
from traitlets import Any as AnyValue

from carrel_hub.authenticator import CarrelAuthenticator
from carrel_hub.ssh_keys.configure import SshKeys, ssh_key_handlers
from carrel_hub.ssh_keys.people import People, PeopleError


class KeyAuthenticator(CarrelAuthenticator):
    """Tokens are good as long as their owner is: also after the browser's session at the realm has ended."""

    people = AnyValue(help="Who knows the platform's people: a People").tag(config=True)
    ssh_keys = AnyValue(None, help="How SSH keys are used: an SshKeys, or none").tag(config=True)

    def get_handlers(self, app: JupyterHub) -> list[Any]:
        keys: SshKeys | None = self.ssh_keys
        return [*super().get_handlers(app), *(ssh_key_handlers(keys) if keys else [])]

    async def refresh_user(self, user: User, handler: object = None, **kwargs: object) -> object:
        """As ever for browsers. A token cannot log in anew, so the API says what its owner may be by now."""
        refreshed = await super().refresh_user(user, handler, **kwargs)
        if refreshed or not getattr(handler, "_token_authenticated", False):
            return refreshed
        people: People = self.people
        try:
            person = await people.find(user.name)
        except PeopleError as error:
            self.log.warning("login of %s not refreshed: %s", user.name, error)
            return True
        if person is None:
            return False
        return {"name": user.name, "admin": person.is_admin, "groups": list(person.groups)}
