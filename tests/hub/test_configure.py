from traitlets.config import Config

from carrel_hub.configure import configure
from carrel_hub.settings import read_settings
from support.samples import ENVIRONMENT, FILE


def test_starts_a_server_of_the_hub_whatever_the_image_starts_by_itself() -> None:
    config = Config()
    configure(config, read_settings(FILE, ENVIRONMENT))
    spawner = config.CarrelSpawner
    assert (spawner.cmd, spawner.default_url) == (["jupyterhub-singleuser"], "/lab")


def test_keeps_servers_routes_and_data_whatever_becomes_of_the_hub() -> None:
    config = Config()
    configure(config, read_settings(FILE, ENVIRONMENT))
    assert (config.JupyterHub.cleanup_servers, config.JupyterHub.cleanup_proxy) == (False, False)
    assert (config.CarrelSpawner.delete_pvc, config.CarrelSpawner.consecutive_failure_limit) == (False, 0)


def test_gives_a_slow_server_as_much_time_as_its_pod() -> None:
    config = Config()
    configure(config, read_settings({**FILE, "work": {**FILE["work"], "startTimeoutSeconds": 900}}, ENVIRONMENT))
    assert (config.CarrelSpawner.start_timeout, config.CarrelSpawner.http_timeout) == (900, 900)


def test_the_ssh_gateway_may_log_people_in_and_nothing_else() -> None:
    config = Config()
    configure(config, read_settings(FILE, ENVIRONMENT))
    hub = config.JupyterHub
    [service] = [each for each in hub.services if each["name"] == "ssh-gateway"]
    assert service == {"name": "ssh-gateway", "api_token": ENVIRONMENT["SSH_GATEWAY_TOKEN"]}
    roles = {each["name"]: each["scopes"] for each in hub.load_roles if "ssh-gateway" in each["services"]}
    assert (roles, list(hub.custom_scopes)) == ({"ssh-gateway": ["custom:ssh:login"]}, ["custom:ssh:login"])
    assert hub.template_vars == {"ssh_keys_page": "ssh-keys"}


def test_without_an_ssh_gateway_there_is_nothing_of_keys() -> None:
    config = Config()
    file = {name: value for name, value in FILE.items() if name != "ssh"}
    configure(config, read_settings(file, ENVIRONMENT))
    hub = config.JupyterHub
    assert [each["name"] for each in hub.services] == ["culler"]
    assert ("custom_scopes" in hub, "template_vars" in hub) == (False, False)
