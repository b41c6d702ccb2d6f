"""Which servers are to be stopped: pure, from the hub's list and the groups' policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from carrel_hub.context import Culling


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `group` is None where it was started without one."""

    user: str
    name: str
    group: str | None
    started: datetime
    last_activity: datetime


@dataclass(frozen=True, slots=True)
class Cull:
    """A server to stop, and why."""

    server: Server
    reason: str


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def read_servers(users: Sequence[Mapping[str, object]]) -> list[Server]:
    """Running servers out of the hub's answer to /users; one that is starting or stopping is left alone."""
    found = []
    for user in users:
        servers = user.get("servers")
        for each in servers.values() if isinstance(servers, dict) else ():
            started = _time(each.get("started"))
            if not each.get("ready") or each.get("pending") or started is None:
                continue
            group = (each.get("user_options") or {}).get("group")
            found.append(
                Server(
                    user=str(user["name"]),
                    name=str(each.get("name") or ""),
                    group=group if isinstance(group, str) else None,
                    started=started,
                    # A server that nobody used yet is idle since its start.
                    last_activity=max(started, _time(each.get("last_activity")) or started),
                )
            )
    return found


def cull_reason(server: Server, policy: Culling, now: datetime) -> str | None:
    """Why the server is to be stopped now; None to leave it."""
    idle = (now - server.last_activity).total_seconds()
    age = (now - server.started).total_seconds()
    if policy.max_age_seconds is not None and age >= policy.max_age_seconds:
        return f"it ran for {age:.0f} s, longer than the {policy.max_age_seconds} s of its group"
    if policy.idle_seconds is not None and idle >= policy.idle_seconds:
        return f"it was idle for {idle:.0f} s, longer than the {policy.idle_seconds} s of its group"
    return None


def plan_culls(servers: Sequence[Server], policies: Mapping[str | None, Culling], now: datetime) -> list[Cull]:
    """Servers to stop; one whose group's policy is not known is left alone."""
    reasons = ((each, cull_reason(each, policies[each.group], now)) for each in servers if each.group in policies)
    return [Cull(server, reason) for server, reason in reasons if reason is not None]
