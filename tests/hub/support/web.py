"""Web servers on the loopback, each in a thread of its own."""

import asyncio
import os
import socket
import threading
from types import TracebackType

from aiohttp import web

_PATIENCE_SECONDS = 60


def own_address() -> str:
    """An address on the loopback that no other process of this machine takes: what is free on it stays so."""
    pid = os.getpid()
    return f"127.{64 + (pid >> 16)}.{(pid >> 8) & 255}.{pid & 255}"


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


class WebThread:
    """Serves an application until it is closed."""

    def __init__(self, app: web.Application) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._app, handler_cancellation=True, shutdown_timeout=0)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.SockSite(runner, self._socket).start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())

    def __enter__(self) -> "WebThread":
        self._thread.start()
        assert self._ready.wait(_PATIENCE_SECONDS), f"{self.url} is not served"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
