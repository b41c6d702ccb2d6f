import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from kubernetes_asyncio.client import ApiClient as KubernetesClient
from kubernetes_asyncio.client import Configuration, CoreV1Api

from carrel_hub.server_log import last_lines, read_last_lines
from support.web import WebThread


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("", ""),
        ("one\n\n  two  \n\n", "one\n  two"),
        ("\n".join(map(str, range(40))), "\n".join(map(str, range(30, 40)))),
        ("\x1b[31mred\x1b[0m \x07bell\ttab", "red bell\ttab"),
        ("10 %\r50 %\r100 %\r\n", "100 %"),
        ("x" * 300, "x" * 200),
    ],
)
def test_shows_the_last_lines_that_say_something(given: str, shown: str) -> None:
    assert last_lines(given) == shown


def _read(status: int, body: bytes) -> tuple[str, list[tuple[str, dict[str, str]]]]:
    """What is read of an API server that answers so, with the real client."""
    asked: list[tuple[str, dict[str, str]]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.path, dict(request.query)))
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)

    async def run(url: str) -> str:
        async with KubernetesClient(Configuration(host=url)) as client:
            pod: Any = SimpleNamespace(api=CoreV1Api(client), namespace="work", pod_name="jupyter-ada")
            return await read_last_lines(pod, "notebook", previous=True)

    with WebThread(app) as server:
        return asyncio.run(run(server.url)), asked


def test_reads_one_container_s_log() -> None:
    query = {"container": "notebook", "limitBytes": "16384", "previous": "True", "tailLines": "40"}
    assert _read(200, b'{"a": 1}\n\xff\n') == (
        '{"a": 1}\n\ufffd',
        [("/api/v1/namespaces/work/pods/jupyter-ada/log", query)],
    )


def test_does_without_a_log_that_it_may_not_read() -> None:
    assert _read(403, b"no")[0] == ""


def test_does_without_a_log_where_nobody_answers() -> None:
    async def run() -> str:
        async with KubernetesClient(Configuration(host="http://127.0.0.1:1")) as client:
            pod: Any = SimpleNamespace(api=CoreV1Api(client), namespace="work", pod_name="jupyter-ada")
            return await read_last_lines(pod, "notebook", previous=False)

    assert asyncio.run(run()) == ""
