"""The real hub, spawner and client of Kubernetes; only the cluster and the API are told what to answer."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from support.browser import Visitor, logged_in
from support.fake_cluster import LOG_BEFORE, NO_ROOM, NOT_FOUND, QUOTA_DENIAL
from support.hub import API_SECONDS, SPAWN_SECONDS, Hub, running_hub
from support.samples import ENVIRONMENT, TOO_LARGE
from support.visits import SMALL, until_gone, until_knocked, visit


def test_the_form_offers_what_the_group_may_use_and_shows_numbers_of_what_does_not_fit(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        page = await visitor.get("/hub/spawn")
        assert page.status == 200
        types = {each["value"]: "disabled" in each for each in page.inputs if each.get("name") == "instanceType"}
        assert types == {"small": False, "gpu": False, "huge": True}
        assert [each["value"] for each in page.inputs if each.get("name") == "image"] == ["scipy", "torch"]
        assert "checked" in page.field("small")
        assert f"Not available: {TOO_LARGE}" in page.text
        assert "CPU 1500m of 8 used 12 of 40 used" in page.text
        assert "/hub/spawn?group=Chemistry+Lab" in page.links

    visit(hub, act)


def test_a_link_chooses_beforehand_and_starts_nothing(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        page = await visitor.get("/hub/spawn?group=physics&instanceType=gpu&image=torch")
        assert ("checked" in page.field("gpu"), "checked" in page.field("torch")) == (True, True)
        other = await visitor.get("/hub/spawn?group=Chemistry+Lab")
        assert [each["value"] for each in other.inputs if each.get("name") == "image"] == ["rdkit"]
        assert hub.cluster.created == []

    visit(hub, act)


def test_a_link_with_autostart_starts(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.get("/hub/spawn?group=physics&instanceType=gpu&image=torch&autostart=1")
        await visitor.until_ready()
        [pod] = hub.cluster.created
        assert pod["metadata"]["annotations"]["carrel.dev/instance-type"] == "gpu"
        assert pod["spec"]["containers"][0]["image"] == "registry.example/torch:2"

    visit(hub, act)


def test_a_chosen_server_starts_with_a_home_that_outlives_it(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        await visitor.until_ready()
        [pod] = hub.cluster.created
        labels = pod["metadata"]["labels"]
        assert (labels["carrel.dev/group"], labels["carrel.dev/user"]) == ("physics", "ada")
        status, _ = await visitor.api("DELETE", "/users/ada/server")
        assert status in (202, 204)
        await until_gone(hub)
        assert (hub.cluster.pods, list(hub.cluster.claims)) == ({}, ["home-ada"])

    visit(hub, act)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"instanceType": "huge"}, f'Not started: instance type "huge" does not fit: {TOO_LARGE}.'),
        ({"instanceType": "root"}, 'Not started: instance type "root" is not offered to group "physics".'),
        ({"image": "rdkit"}, 'Not started: image "rdkit" is not offered to group "physics".'),
        ({"group": "biology"}, 'Not started: "ada" is not a member of group "biology".'),
    ],
)
def test_a_forged_form_is_refused_on_the_page(hub: Hub, change: dict[str, str], message: str) -> None:
    async def act(visitor: Visitor) -> None:
        page = await visitor.start(**(SMALL | change))
        assert page.status == 403
        assert message in page.text
        assert hub.cluster.created == []

    visit(hub, act)


def test_a_forged_call_of_the_hub_s_api_is_refused(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        body = {**SMALL, "instanceType": "huge", "profile": "x", "image_spec": "evil"}
        status, answer = await visitor.api("POST", "/users/ada/server", body)
        assert status in (202, 403)
        if status == 403:
            assert TOO_LARGE in json.loads(answer)["message"]
        await visitor.until("/hub/spawn-pending/ada", TOO_LARGE)
        assert hub.cluster.created == []

    visit(hub, act)


def test_a_refusal_by_admission_is_shown_in_its_own_words(hub: Hub) -> None:
    hub.cluster.outcome = "deny"

    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        page = await visitor.until("/hub/spawn-pending/ada", QUOTA_DENIAL)
        assert "/hub/spawn/ada" in [link.rstrip("/") for link in page.links]
        assert hub.cluster.pods == {}

    visit(hub, act)


def test_admission_that_is_busy_is_asked_again(hub: Hub) -> None:
    hub.cluster.outcome = "busy"

    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        await visitor.until_ready()
        assert len(hub.cluster.created) == 1

    visit(hub, act)


def test_an_image_that_cannot_be_pulled_is_told_with_a_way_back_and_the_pod_is_removed(hub: Hub) -> None:
    hub.cluster.outcome = "pull"

    async def act(visitor: Visitor) -> None:
        started = time.monotonic()
        await visitor.start(**(SMALL | {"image": "torch"}))
        page = await visitor.until("/hub/spawn-pending/ada", NOT_FOUND)
        assert time.monotonic() - started < 30
        assert 'the image "registry.example/torch:2" cannot be pulled' in page.text
        assert "Choose again" in page.text
        await until_gone(hub)
        assert hub.cluster.pods == {}

    visit(hub, act)


def test_one_broken_image_takes_nothing_down(hub: Hub) -> None:
    hub.cluster.outcome = "pull"

    async def act(visitor: Visitor) -> None:
        for _ in range(6):
            await visitor.start(**SMALL)
            await visitor.until("/hub/spawn-pending/ada", NOT_FOUND)
            await until_gone(hub)
        assert hub.process.poll() is None

    visit(hub, act)


def test_a_pod_that_no_node_takes_is_told_why_when_time_is_up(hub: Hub) -> None:
    hub.cluster.outcome = "crowded"

    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        page = await visitor.until("/hub/spawn-pending/ada", "Spawn failed")
        assert f"it took longer than {SPAWN_SECONDS} s; no node takes it: {NO_ROOM}" in page.text

    visit(hub, act)


def test_a_program_that_never_answers_is_told_with_its_log_and_a_way_back(hub: Hub) -> None:
    hub.cluster.outcome = "deaf"

    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        page = await visitor.until("/hub/spawn-pending/ada", "Spawn failed")
        port = hub.environment["TEST_NOTEBOOK_PORT"]
        told = (
            f"Not started: the server's pod runs, but nothing answered on port {port} within {SPAWN_SECONDS} s. "
            "Choose another image, or safe mode if it is something in your home; else ask the help desk. "
            "The last lines of its log: serving on 127.0.0.1 only Choose again"
        )
        assert told in page.text
        assert "127.0.0.2" not in page.text
        assert "/hub/spawn/ada" in [link.rstrip("/") for link in page.links]
        await until_gone(hub)
        assert hub.cluster.pods == {}
        assert "serving on 127.0.0.1 only" not in hub.log

    visit(hub, act)


def test_a_program_that_ends_while_it_is_waited_for_is_told_with_its_exit_code_before_time_is_up(hub: Hub) -> None:
    hub.cluster.outcome = "crash"

    async def act(visitor: Visitor) -> None:
        started = time.monotonic()
        await visitor.start(**SMALL)
        page = await visitor.until("/hub/spawn-pending/ada", "Spawn failed")
        assert time.monotonic() - started < SPAWN_SECONDS
        assert 'the image "registry.example/scipy@sha256:11" does not keep running: exit code 3, Error.' in page.text
        assert " ".join(LOG_BEFORE.split()) in page.text
        await until_gone(hub)
        assert hub.cluster.pods == {}

    visit(hub, act)


def test_a_pod_that_is_removed_while_it_is_waited_for_is_told(hub: Hub) -> None:
    hub.cluster.outcome = "deaf"

    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        await until_knocked(hub)
        hub.cluster.remove("jupyter-ada")
        page = await visitor.until("/hub/spawn-pending/ada", "Spawn failed")
        assert "Not started: its pod was removed while it started. Choose again" in page.text

    visit(hub, act)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("down", "it cannot be reached: "),
        ("unauthorized", "it refuses the hub's secret with status 401"),
        ("slow", f"no answer within {API_SECONDS} s"),
        ("nonsense", "it answered status 200 with no JSON object"),
        ("error", "Keycloak does not answer"),
    ],
)
def test_without_the_api_a_page_says_so_and_nothing_starts(hub: Hub, mode: str, reason: str) -> None:
    hub.api.mode = mode

    async def act(visitor: Visitor) -> None:
        page = await visitor.get("/hub/spawn")
        assert page.status == 503
        assert f"What you may start cannot be looked up: {reason}" in page.text
        assert "Nothing was started. Try again in a minute; if it stays so, ask the help desk." in page.text
        status, _ = await visitor.api("POST", "/users/ada/server", SMALL)
        assert status in (202, 503)
        await visitor.until("/hub/spawn-pending/ada", "cannot be looked up")
        assert hub.cluster.created == []

    visit(hub, act)


def test_whoever_is_in_no_group_is_told_whom_to_ask(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        page = await visitor.get("/hub/spawn")
        assert "in no group that may start servers. Ask the help desk to add you to one" in page.text
        assert [each for each in page.inputs if each.get("name") == "instanceType"] == []

    visit(hub, act, "eve")


def test_a_server_outlives_the_hub_and_is_found_again(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:

        async def start(visitor: Visitor) -> None:
            await visitor.start(**SMALL)
            await visitor.until_ready()

        async def look(visitor: Visitor) -> None:
            await visitor.until_ready()

        async def as_ada(act: Callable[[Visitor], Awaitable[None]]) -> None:
            async with logged_in(hub.url, "ada") as visitor:
                await act(visitor)

        asyncio.run(as_ada(start))
        before = list(hub.cluster.pods)
        hub.stop()
        assert list(hub.cluster.pods) == before == ["jupyter-ada"]
        hub.start()
        asyncio.run(as_ada(look))
        assert len(hub.cluster.created) == 1


def test_pods_of_users_that_the_hub_does_not_know_are_reported_and_left(tmp_path: Path) -> None:
    async def act(hub: Hub) -> None:
        async with logged_in(hub.url, "ada") as visitor:
            await visitor.start(**SMALL)
            await visitor.until_ready()

    with running_hub(tmp_path) as hub:
        for user in ("ada", "zoe"):
            annotations = {"carrel.dev/user-name": user}
            hub.cluster.add(f"jupyter-{user}-old", {"annotations": annotations})
        asyncio.run(act(hub))
        told = [line for line in hub.log.splitlines() if "does not know" in line]
        assert len(told) == 1
        assert "pods of users that this hub does not know: jupyter-zoe-old; they count against quotas" in told[0]
        assert sorted(hub.cluster.pods) == ["jupyter-ada", "jupyter-ada-old", "jupyter-zoe-old"]


def test_the_culler_stops_what_the_group_s_policy_says_and_leaves_the_rest(hub: Hub) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.start(**SMALL)
        await visitor.until_ready()
        culling = hub.api.contexts["ada"]["groups"][0]["culling"]
        hub.api.contexts["ada"]["groups"][0]["culling"] = {**culling, "policy": "maxAge", "maxAgeSeconds": 1}
        await until_gone(hub)
        assert (hub.cluster.pods, list(hub.cluster.claims)) == ({}, ["home-ada"])

    visit(hub, act)


def test_no_secret_is_written_to_the_log(hub: Hub) -> None:
    shown = [name for name, value in ENVIRONMENT.items() if value in hub.log]
    assert (shown, "JUPYTERHUB_API_TOKEN" in hub.log) == ([], False)
