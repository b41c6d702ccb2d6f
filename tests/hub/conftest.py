"""What every test starts from: a valid context, valid settings, and a way to change one thing of them."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes_asyncio.config import kube_config

from carrel_hub.context import Context, read_context
from carrel_hub.settings import Settings, SettingsError, read_settings
from support.hub import Hub, running_hub
from support.kubeconfig import write_kubeconfig
from support.samples import CONTEXT, ENVIRONMENT, FILE

Json = dict[str, Any]


@pytest.fixture(scope="session", autouse=True)
def _no_cluster(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The spawner reads how to reach the cluster when it is made."""
    file = write_kubeconfig(tmp_path_factory.mktemp("cluster"), "http://127.0.0.1:1")
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = str(file)


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One running hub for all tests of a module."""
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def hub(shared_hub: Hub) -> Hub:
    """It, with nothing left of an earlier test."""
    shared_hub.api.reset()
    shared_hub.cluster.reset()
    return shared_hub


@pytest.fixture
def answer() -> Json:
    """`launchContext` as the API answers it; free to change."""
    return copy.deepcopy(CONTEXT)


@pytest.fixture
def context(answer: Json) -> Context:
    return read_context(answer)


@pytest.fixture
def settings() -> Settings:
    return read_settings(FILE, ENVIRONMENT)


@pytest.fixture
def problems_of() -> Callable[[Json, dict[str, str]], str]:
    """All problems that settings are refused with."""

    def read(file: Json, environment: dict[str, str]) -> str:
        with pytest.raises(SettingsError) as caught:
            read_settings(file, environment)
        return str(caught.value)

    return read
