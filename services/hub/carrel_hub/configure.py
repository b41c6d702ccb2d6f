"""Wires settings to the hub's traits."""

import os
import sys
from pathlib import Path
from urllib.parse import quote, urlparse

from traitlets.config import Config

from carrel_hub.api import ApiClient
from carrel_hub.authenticator import groups_claim
from carrel_hub.settings import CONFIG_VARIABLE, Settings
from carrel_hub.spawner import CarrelSpawner
from carrel_hub.ssh_keys.authenticator import KeyAuthenticator
from carrel_hub.ssh_keys.configure import SshKeys, configure_ssh_keys
from carrel_hub.ssh_keys.people import People

_PACKAGES = Path(__file__).parent
_PORT = 8081
# The culler reads the same settings as the hub does.
_OF_THE_CULLER = (
    CONFIG_VARIABLE,
    "API_SERVER_SECRET",
    "OAUTH_CLIENT_SECRET",
    "CONFIGPROXY_AUTH_TOKEN",
    "CULLER_API_TOKEN",
    "JPY_COOKIE_SECRET",
    "JUPYTERHUB_CRYPT_KEY",
    "SSH_GATEWAY_TOKEN",
)


def _hub(config: Config, settings: Settings) -> None:
    hub = config.JupyterHub
    hub.public_url = f"{settings.public_url}/"
    hub.bind_url = "http://:8000/"
    hub.hub_bind_url = f"http://:{_PORT}"
    hub.hub_connect_url = settings.hub_url
    hub.db_url = settings.database_url
    hub.upgrade_db = settings.upgrade_database
    hub.template_paths = [str(_PACKAGES / "templates")]
    # Servers and routes outlive the hub.
    hub.cleanup_servers = False
    hub.cleanup_proxy = False
    hub.allow_named_servers = settings.named_server_limit > 0
    hub.named_server_limit_per_user = settings.named_server_limit
    hub.concurrent_spawn_limit = settings.concurrent_spawn_limit
    hub.last_activity_interval = 60
    hub.authenticate_prometheus = True
    hub.tornado_settings = {"slow_spawn_timeout": 0}
    config.ConfigurableHTTPProxy.should_start = False
    config.ConfigurableHTTPProxy.api_url = settings.proxy_api_url
    config.ConfigurableHTTPProxy.auth_token = settings.secrets.configproxy_auth_token


def _services(config: Config, settings: Settings) -> None:
    services: list[dict[str, object]] = []
    roles: list[dict[str, object]] = []
    if settings.culling.enabled:
        environment = {name: os.environ[name] for name in _OF_THE_CULLER if name in os.environ}
        services.append(
            {
                "name": "culler",
                "api_token": settings.secrets.culler_api_token,
                "command": [sys.executable, "-m", "carrel_hub.culler"],
                "environment": {**environment, "PYTHONPATH": str(_PACKAGES.parent)},
            }
        )
        scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
        roles.append({"name": "culler", "scopes": scopes, "services": ["culler"]})
    if settings.secrets.metrics_api_token:
        services.append({"name": "metrics", "api_token": settings.secrets.metrics_api_token})
        roles.append({"name": "metrics", "scopes": ["read:metrics"], "services": ["metrics"]})
    config.JupyterHub.services = services
    config.JupyterHub.load_roles = roles


def _login(config: Config, settings: Settings) -> None:
    config.JupyterHub.authenticator_class = KeyAuthenticator
    realm = f"{settings.identity.issuer.rstrip('/')}/protocol/openid-connect"
    public = urlparse(settings.identity.issuer)
    back = f"{settings.identity.backchannel_url.rstrip('/')}{public.path.rstrip('/')}/protocol/openid-connect"
    login = config.CarrelAuthenticator
    login.client_id = settings.identity.client_id
    login.client_secret = settings.secrets.oauth_client_secret
    login.authorize_url = f"{realm}/auth"
    login.token_url = f"{back}/token"
    login.userdata_url = f"{back}/userinfo"
    login.oauth_callback_url = f"{settings.public_url}/hub/oauth_callback"
    after = quote(f"{settings.public_url}/hub/", safe="")
    login.logout_redirect_url = (
        f"{realm}/logout?client_id={quote(settings.identity.client_id)}&post_logout_redirect_uri={after}"
    )
    login.scope = ["openid", "profile", "email"]
    login.username_claim = "preferred_username"
    login.login_service = "Carrel"
    login.auto_login = True
    login.enable_pkce = True
    login.enable_auth_state = True
    login.manage_groups = True
    login.auth_state_groups_key = groups_claim
    login.admin_role = settings.identity.admin_role
    login.allow_all = True


def people_of(settings: Settings) -> People:
    """Who knows the platform's people."""
    return People(settings.api_url, settings.secrets.api_server_secret, settings.api_timeout_seconds)


def ssh_keys_of(settings: Settings) -> SshKeys | None:
    """How SSH keys are used; none where there is no SSH gateway."""
    ssh, token = settings.ssh, settings.secrets.ssh_gateway_token
    if ssh is None or token is None:
        return None
    return SshKeys(ssh, people_of(settings), token)


def _keys(config: Config, settings: Settings) -> None:
    keys = ssh_keys_of(settings)
    config.KeyAuthenticator.people = people_of(settings)
    config.KeyAuthenticator.ssh_keys = keys
    if keys:
        configure_ssh_keys(config, keys)


def _spawner(config: Config, settings: Settings) -> None:
    config.JupyterHub.spawner_class = CarrelSpawner
    work = settings.work
    spawner = config.CarrelSpawner
    spawner.settings = settings
    spawner.api_client = ApiClient(settings.api_url, settings.secrets.api_server_secret, settings.api_timeout_seconds)
    spawner.namespace = work.namespace
    spawner.start_timeout = work.start_timeout_seconds
    # A server that many start beside is slow, not broken: it gets the same patience as its pod.
    spawner.http_timeout = work.start_timeout_seconds
    # One broken image is no reason to restart the hub.
    spawner.consecutive_failure_limit = 0
    # The default of images is a server without a hub.
    spawner.cmd = ["jupyterhub-singleuser"]
    spawner.default_url = "/lab"
    spawner.common_labels = {"app.kubernetes.io/managed-by": "kubespawner", "app.kubernetes.io/part-of": "carrel"}
    spawner.handle_legacy_names = False
    spawner.storage_pvc_ensure = True
    spawner.delete_pvc = False
    spawner.storage_class = work.storage_class
    spawner.storage_capacity = work.home_size
    spawner.storage_access_modes = [work.access_mode]


def configure(config: Config, settings: Settings) -> None:
    """Sets every trait that the platform decides."""
    _hub(config, settings)
    _services(config, settings)
    _login(config, settings)
    _keys(config, settings)
    _spawner(config, settings)
