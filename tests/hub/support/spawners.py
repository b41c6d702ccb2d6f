"""The real spawner, without a hub or a cluster around it."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from kubernetes_asyncio.client import ApiClient as KubernetesClient
from traitlets.config import Config

from carrel_hub.api import ApiClient, ApiError
from carrel_hub.configure import configure
from carrel_hub.context import Context, read_context
from carrel_hub.settings import Settings
from carrel_hub.spawner import CarrelSpawner

Json = dict[str, Any]


class GivenAnswer(ApiClient):
    """An API that answers what it was given."""

    def __init__(self, answer: Json | ApiError) -> None:
        super().__init__("http://127.0.0.1:1/graphql", "secret", 1)
        self._answer = answer

    async def launch_context(self, user: str, group: str | None = None) -> Context:
        if isinstance(self._answer, ApiError):
            raise self._answer
        return read_context(self._answer)


class _User:
    """What a spawner asks its user."""

    id = 1
    url = "/user/ada/"

    def __init__(self, name: str) -> None:
        self.name = self.escaped_name = name


def spawner_of(settings: Settings, answer: Json | ApiError, user: str, server_name: str) -> CarrelSpawner:
    """A spawner as the hub's configuration makes it; needs a running event loop."""
    config = Config()
    configure(config, settings)
    config.CarrelSpawner.api_client = GivenAnswer(answer)
    spawner = CarrelSpawner(config=config, _mock=True)
    spawner.user = _User(user)
    spawner.orm_spawner = SimpleNamespace(name=server_name, server=None)
    spawner.clear_state()
    spawner.hub.base_url = "/hub/"
    spawner.api_token = "token-of-the-server"
    return spawner


@dataclass(frozen=True)
class Launched:
    """Pod and claim as they go to the cluster, and the options as the hub stores them."""

    pod: Json
    claim: Json
    options: Json


def launch(
    settings: Settings, answer: Json | ApiError, *options: Json, user: str = "ada", server_name: str = ""
) -> Launched:
    """The last of several launches with one spawner."""

    async def run() -> Launched:
        spawner = spawner_of(settings, answer, user, server_name)
        for each in options:
            spawner.user_options = each
            await spawner.load_user_options()
        async with KubernetesClient() as client:
            return Launched(
                client.sanitize_for_serialization(await spawner.get_pod_manifest()),
                client.sanitize_for_serialization(spawner.get_pvc_manifest()),
                spawner.user_options,
            )

    return asyncio.run(run())
