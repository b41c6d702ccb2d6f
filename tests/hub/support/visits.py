"""What visitors do again and again, and waiting for what comes of it."""

import asyncio
from collections.abc import Awaitable, Callable

from support.browser import Visitor, logged_in
from support.hub import Hub

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


async def until_pods(hub: Hub, count: int) -> None:
    for _ in range(100):
        if len(hub.cluster.pods) == count:
            return
        await asyncio.sleep(0.1)


async def until_gone(hub: Hub) -> None:
    await until_pods(hub, 0)
