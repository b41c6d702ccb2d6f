"""What visitors do again and again, and waiting for what comes of it."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

from support.browser import Visitor, logged_in
from support.fake_cluster import DEAF
from support.hub import Hub

_PATIENCE_SECONDS = 90
SMALL = {"group": "physics", "instanceType": "small", "image": "scipy"}


def visit(hub: Hub, act: Callable[[Visitor], Awaitable[None]], name: str = "ada") -> None:
    """Acts as a user who is logged in; whatever was started is stopped at the end."""

    async def run() -> None:
        async with logged_in(hub.url, name) as visitor:
            try:
                await act(visitor)
            finally:
                hub.api.reset()
                await visitor.api("DELETE", f"/users/{name}/server")
                await until_gone(hub)

    asyncio.run(run())


async def _until(what: str, is_so: Callable[[], bool], hub: Hub) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {_PATIENCE_SECONDS} s; pods: {list(hub.cluster.pods)}"
        await asyncio.sleep(0.1)


async def until_pods(hub: Hub, count: int) -> None:
    await _until(f"{count} pods", lambda: len(hub.cluster.pods) == count, hub)


async def until_asked(hub: Hub) -> None:
    """Until the hub has asked for a pod, which it need not have got."""
    await _until("a pod is asked for", lambda: hub.cluster.asked > 0, hub)


async def until_made(hub: Hub) -> None:
    """Until there is a pod, or was one."""
    await _until("a pod is made", lambda: len(hub.cluster.created) > 0, hub)


async def until_knocked(hub: Hub) -> None:
    """Until the hub asks a program that is deaf: by then it knows that the pod runs."""
    with socket.create_server((DEAF, int(hub.environment["TEST_NOTEBOOK_PORT"]))) as door:
        door.setblocking(False)
        accepted = asyncio.get_running_loop().sock_accept(door)
        knock, _ = await asyncio.wait_for(accepted, _PATIENCE_SECONDS)
        knock.close()


async def until_gone(hub: Hub) -> None:
    await until_pods(hub, 0)
