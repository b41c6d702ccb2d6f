"""Login through the platform's Keycloak realm."""

from collections.abc import Mapping
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.user import User
from oauthenticator.generic import GenericOAuthenticator
from tornado.httpclient import HTTPClientError
from traitlets import Unicode

from carrel_hub.handlers import LAUNCH_HANDLERS

_SERVER_ERROR = 500


def claim(auth_state: Mapping[str, Any], name: str) -> set[str]:
    """A list of names among the user's claims; empty where there is none."""
    value = (auth_state.get("oauth_user") or {}).get(name)
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


def groups_claim(auth_state: Mapping[str, Any]) -> set[str]:
    """The user's groups, as the realm names them."""
    return claim(auth_state, "groups")


class CarrelAuthenticator(GenericOAuthenticator):
    """Whoever the realm knows may log in; what they may start is the API's to say."""

    admin_role = Unicode("carrel-admin", help="Realm role of the platform's administrators").tag(config=True)

    def get_handlers(self, app: JupyterHub) -> list[Any]:
        """The launch page stands before the hub's own handlers, which would come first otherwise."""
        return [*super().get_handlers(app), *LAUNCH_HANDLERS]

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Groups and the administrator's role as the realm has them now: taken away there is taken away here."""
        updated: dict[str, Any] = await super().update_auth_model(auth_model)
        updated["admin"] = self.admin_role in claim(updated["auth_state"], "roles")
        return updated

    async def refresh_user(self, user: User, handler: object = None, **kwargs: object) -> object:
        """As ever; while the realm cannot be reached users stay logged in, and their servers reachable."""
        try:
            return await super().refresh_user(user, handler, **kwargs)
        except HTTPClientError as error:
            if error.code < _SERVER_ERROR:
                raise
            self.log.warning("login of %s not refreshed: %s", user.name, error)
        except OSError as error:
            self.log.warning("login of %s not refreshed: %s", user.name, error)
        return True
