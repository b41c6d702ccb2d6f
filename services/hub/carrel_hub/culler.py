"""The hub's service that stops servers by the policy of their group."""

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp

from carrel_hub.api import ApiClient, ApiError
from carrel_hub.context import Culling
from carrel_hub.culling import Cull, Server, plan_culls, read_servers
from carrel_hub.settings import Settings, load_settings

_PAGE = 200
_TIMEOUT_SECONDS = 30
_PAGINATED = "application/jupyterhub-pagination+json"

log = logging.getLogger("culler")


class HubClient:
    """The few calls of the hub's API that the culler needs."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"token {token}", "Accept": _PAGINATED}

    def _session(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        return aiohttp.ClientSession(headers=self._headers, timeout=timeout, raise_for_status=True)

    async def servers(self) -> list[Server]:
        """Every running server."""
        users: list[Mapping[str, object]] = []
        async with self._session() as session:
            offset: int | None = 0
            while offset is not None:
                query = {"state": "ready", "limit": str(_PAGE), "offset": str(offset)}
                async with session.get(f"{self._url}/users", params=query) as response:
                    page = await response.json(content_type=None)
                users.extend(page["items"])
                following = page["_pagination"]["next"]
                offset = following["offset"] if following else None
        return read_servers(users)

    async def stop(self, server: Server) -> None:
        """Stops a server; its volumes stay."""
        user, name = quote(server.user, safe=""), quote(server.name, safe="")
        path = f"{self._url}/users/{user}/servers/{name}" if name else f"{self._url}/users/{user}/server"
        async with self._session() as session, session.delete(path):
            pass


async def read_policies(api: ApiClient, servers: Sequence[Server], platform: Culling) -> dict[str | None, Culling]:
    """The policy of each group that has a server; none for a group that the API does not tell of."""
    policies: dict[str | None, Culling] = {None: platform}
    for server in servers:
        if server.group in policies:
            continue
        try:
            context = await api.launch_context(server.user, server.group)
        except ApiError as error:
            log.warning("policy of group %s: %s", server.group, error)
            continue
        for group in context.groups:
            if group.name == server.group:
                policies[group.name] = group.culling or platform
    return policies


async def cull_once(hub: HubClient, api: ApiClient, platform: Culling, now: datetime) -> list[Cull]:
    """One pass over all servers; answers what was stopped."""
    servers = await hub.servers()
    culls = plan_culls(servers, await read_policies(api, servers, platform), now)
    stopped = []
    for cull in culls:
        try:
            await hub.stop(cull.server)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("server of %s not stopped: %s", cull.server.user, error)
            continue
        log.info("stopped server %r of %s: %s", cull.server.name, cull.server.user, cull.reason)
        stopped.append(cull)
    return stopped


async def run(settings: Settings, hub: HubClient) -> None:
    """Passes for ever; one that fails is told and the next one tries again."""
    api = ApiClient(settings.api_url, settings.secrets.api_server_secret, settings.api_timeout_seconds)
    platform = Culling(settings.culling.idle_seconds, settings.culling.max_age_seconds)
    while True:
        try:
            await cull_once(hub, api, platform, datetime.now(UTC))
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("the hub's servers cannot be listed: %s", error)
        await asyncio.sleep(settings.culling.every_seconds)


def main() -> None:
    """Runs as a service that the hub manages: it gives the address and the token."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    settings = load_settings(os.environ)
    hub = HubClient(os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"])
    # The hub interrupts its services when it ends.
    with suppress(KeyboardInterrupt):
        asyncio.run(run(settings, hub))


if __name__ == "__main__":
    main()
