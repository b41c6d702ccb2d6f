from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carrel_hub.context import Culling
from carrel_hub.culling import Cull, Server, cull_reason, plan_culls, read_servers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


def server(group: str | None = "physics", age: int = 5000, idle: int = 100) -> Server:
    return Server("ada", "", group, NOW - timedelta(seconds=age), NOW - timedelta(seconds=idle))


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Culling(None, None), None),
        (Culling(101, 5001), None),
        (Culling(100, None), "it was idle for 100 s, longer than the 100 s of its group"),
        (Culling(None, 5000), "it ran for 5000 s, longer than the 5000 s of its group"),
    ],
)
def test_idle_time_and_age_are_held_against_the_policy(policy: Culling, reason: str | None) -> None:
    assert cull_reason(server(), policy, NOW) == reason


def test_each_server_is_judged_by_its_own_group() -> None:
    servers = [server("physics"), server("chemistry"), server("unknown"), server(None)]
    policies = {"physics": Culling(60, None), "chemistry": Culling(None, None), None: Culling(30, None)}
    reason = "it was idle for 100 s, longer than the {} s of its group"
    assert plan_culls(servers, policies, NOW) == [
        Cull(servers[0], reason.format(60)),
        Cull(servers[3], reason.format(30)),
    ]


def model(**fields: object) -> Json:
    return {
        "name": "",
        "started": "2026-03-01T10:00:00.000000Z",
        "last_activity": "2026-03-01T11:00:00.000000Z",
        "ready": True,
        "pending": None,
        "user_options": {"group": "physics"},
        **fields,
    }


def test_reads_running_servers_out_of_the_hub_s_list() -> None:
    users = [
        {"name": "ada", "servers": {"": model(), "b": model(name="b", user_options=None, last_activity=None)}},
        {"name": "bob", "servers": {"": model(ready=False), "c": model(pending="stop"), "d": model(started=None)}},
        {"name": "eve", "servers": {}},
        {"name": "old", "servers": {"": model(last_activity="2026-02-01T00:00:00Z")}},
    ]
    start = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert read_servers(users) == [
        Server("ada", "", "physics", start, start + timedelta(hours=1)),
        Server("ada", "b", None, start, start),
        Server("old", "", "physics", start, start),
    ]
