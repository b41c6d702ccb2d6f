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
