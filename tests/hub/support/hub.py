"""The real hub as a process of its own, with a cluster and an API that are told what to do."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from support.fake_api import FakeApi
from support.fake_cluster import FakeCluster
from support.kubeconfig import write_kubeconfig
from support.samples import ENVIRONMENT, FILE
from support.web import WebThread, free_port, own_address

# What a pod has to start, and its program to answer.
SPAWN_SECONDS = 30
# What the API has to answer.
API_SECONDS = 15
_START_SECONDS = 180
_STOP_SECONDS = 90
_CONFIG = Path(__file__).parent / "hub_config.py"
_PATHS = [Path(__file__).parents[3] / "services" / "hub", Path(__file__).parents[1]]


@dataclass
class Hub:
    """`url` is the hub's own address; `log` what it wrote."""

    url: str
    api: FakeApi
    cluster: FakeCluster
    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "hub.log").read_text()

    def start(self) -> None:
        """Starts the hub, and waits until it is healthy."""
        self.process = _start(self.folder, self.environment)
        _await_health(self)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def _start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "hub.log").open("ab") as log:
        command = [sys.executable, "-m", "jupyterhub", "--config", str(_CONFIG)]
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def _await_health(hub: Hub) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and hub.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{hub.url}/hub/health", timeout=10):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the hub did not come up:\n{hub.log}")


def _notebook() -> web.Application:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="{}", headers={"X-JupyterHub-Version": "5.5.2"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


def _environment(folder: Path, api: str, cluster: str, notebook_port: int) -> tuple[str, dict[str, str]]:
    host = own_address()
    url = f"http://{host}:{free_port(host)}"
    work = {**FILE["work"], "startTimeoutSeconds": SPAWN_SECONDS, "pullGraceSeconds": 1}
    file = {
        **FILE,
        "publicUrl": url,
        "hubUrl": url,
        "apiUrl": f"{api}/graphql",
        "apiTimeoutSeconds": API_SECONDS,
        "namedServerLimit": 2,
        "databaseUrl": f"sqlite:///{folder}/hub.sqlite",
        "culling": {"everySeconds": 1},
        "work": work,
    }
    (folder / "hub.json").write_text(json.dumps(file))
    return url, {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **ENVIRONMENT,
        "CARREL_HUB_CONFIG": str(folder / "hub.json"),
        "KUBECONFIG": str(write_kubeconfig(folder, cluster)),
        "PYTHONPATH": os.pathsep.join(map(str, _PATHS)),
        "TEST_HUB_URL": url,
        "TEST_NOTEBOOK_PORT": str(notebook_port),
    }


@contextmanager
def running_hub(folder: Path) -> Iterator[Hub]:
    """A hub that listens, until the end of the block."""
    api, cluster = FakeApi(), FakeCluster()
    api.reset()
    with ExitStack() as stack:
        servers = [stack.enter_context(WebThread(app)) for app in (api.app, cluster.app, _notebook())]
        url, environment = _environment(folder, servers[0].url, servers[1].url, servers[2].port)
        hub = Hub(url, api, cluster, folder, environment, _start(folder, environment))
        stack.callback(hub.stop)
        _await_health(hub)
        yield hub
