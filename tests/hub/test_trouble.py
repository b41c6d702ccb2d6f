from typing import Any

import pytest

from carrel_hub.trouble import Trouble, TroubleWatch, explain_event, log_to_read, pod_trouble, waiting_reason

Json = dict[str, Any]
TRANSIENT = "dial tcp: i/o timeout"


ENDED = {"terminated": {"exitCode": 3, "reason": "Error"}}
KEEPS_ENDING = Trouble('the image "r/torch:2" does not keep running: exit code 3, Error', False)


def programs(*states: Json, phase: str = "Running") -> Json:
    """A pod of containers that differ in their states."""
    statuses = [{"name": f"c{index}", "image": "r/torch:2", **each} for index, each in enumerate(states)]
    return {"status": {"phase": phase, "containerStatuses": statuses}}


def pod(reason: str, message: str = "", **container: Any) -> Json:
    state = {"name": "notebook", "image": "r/torch:2", "state": {"waiting": {"reason": reason, "message": message}}}
    return {"status": {"phase": "Pending", "containerStatuses": [{**state, **container}]}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({"status": {"phase": "Pending"}}, None),
        (pod("ContainerCreating"), None),
        (
            pod(
                "ErrImagePull",
                'rpc error: code = NotFound desc = failed to pull and unpack image "r/torch:2": r/torch:2: not found',
            ),
            Trouble('the image "r/torch:2" cannot be pulled: r/torch:2: not found', True),
        ),
        (
            pod("ImagePullBackOff", 'Back-off pulling image "r/torch:2": ErrImagePull: 401 Unauthorized'),
            Trouble('the image "r/torch:2" cannot be pulled: 401 Unauthorized', True),
        ),
        (
            pod("ImagePullBackOff", 'Back-off pulling image "r/torch:2"'),
            Trouble('the image "r/torch:2" cannot be pulled', False),
        ),
        (pod("ErrImagePull", TRANSIENT), Trouble(f'the image "r/torch:2" cannot be pulled: {TRANSIENT}', False)),
        (
            pod("InvalidImageName", 'Failed to apply default image "R": invalid'),
            Trouble('the image "r/torch:2" cannot be started: Failed to apply default image "R": invalid', True),
        ),
        (
            pod("CreateContainerConfigError", 'secret "x" not found'),
            Trouble('the image "r/torch:2" cannot be started: secret "x" not found', False),
        ),
        (
            pod("CrashLoopBackOff", lastState={"terminated": {"exitCode": 127, "reason": "Error"}}),
            Trouble('the image "r/torch:2" does not keep running: exit code 127, Error', True),
        ),
        (
            {"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}},
            Trouble("the server's pod ended: The node was low on memory.", True),
        ),
        ({"status": {"phase": "Succeeded"}}, Trouble("the server's pod ended: its program came to an end", True)),
        (
            programs({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, phase="Succeeded"),
            Trouble("the server's pod ended: its program came to an end: exit code 0, Completed", True),
        ),
        (programs({"state": {"running": {}}}), None),
        (programs({"state": ENDED}), KEEPS_ENDING),
        (programs({"state": {"running": {}}, "lastState": ENDED}), KEEPS_ENDING),
        (programs({"state": {"running": {}}, "lastState": ENDED}, {"state": {"running": {}}}), KEEPS_ENDING),
        (
            {"status": {"phase": "Pending", "initContainerStatuses": [{"name": "a", "state": ENDED}]}},
            None,
        ),
    ],
)
def test_reads_what_is_wrong_with_a_pod(given: Json | None, expected: Trouble | None) -> None:
    assert pod_trouble(given) == expected


def test_gives_up_at_once_on_what_no_try_can_mend() -> None:
    assert TroubleWatch(15).observe(pod("ErrImagePull", "not found"), 0) == (
        'the image "r/torch:2" cannot be pulled: not found'
    )


def test_gives_up_on_what_lasts_and_tells_the_cause_that_back_off_leaves_out() -> None:
    watch = TroubleWatch(15)
    assert watch.observe(pod("ErrImagePull", TRANSIENT), 100) is None
    assert watch.observe(pod("ContainerCreating"), 105) is None
    assert watch.observe(pod("ImagePullBackOff", 'Back-off pulling image "r/torch:2"'), 114.9) is None
    reason = watch.observe(pod("ImagePullBackOff", 'Back-off pulling image "r/torch:2"'), 115)
    assert reason == f'the image "r/torch:2" cannot be pulled: {TRANSIENT}'


def test_a_pod_that_is_gone_is_a_trouble_only_where_it_is_expected() -> None:
    watch = TroubleWatch(15)
    assert [watch.observe(None, now, expected=False) for now in (0, 100)] == [None, None]
    assert [watch.observe(None, now, expected=True) for now in (100, 114.9)] == [None, None]
    assert watch.observe(None, 115, expected=True) == "its pod was removed while it started"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        (pod("ErrImagePull", "not found"), None),
        (programs({"state": {"running": {}}}), ("c0", False)),
        (programs({"state": ENDED}), ("c0", False)),
        (programs({"state": {"running": {}}, "lastState": ENDED}), ("c0", True)),
        (pod("CrashLoopBackOff", lastState=ENDED), ("notebook", False)),
    ],
)
def test_reads_the_log_of_the_run_that_ended(given: Json | None, expected: tuple[str, bool] | None) -> None:
    assert log_to_read(given) == expected


def test_a_pod_that_recovers_is_not_given_up_on() -> None:
    watch = TroubleWatch(15)
    watch.observe(pod("ErrImagePull", TRANSIENT), 0)
    assert watch.observe({"status": {"phase": "Running"}}, 60) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "its pod was not seen"),
        ({"status": {"phase": "Pending"}}, "its pod is not ready"),
        (
            {
                "status": {
                    "conditions": [
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "message": "0/1 nodes are available: 1 Insufficient cpu.",
                        }
                    ]
                }
            },
            "no node takes it: 0/1 nodes are available: 1 Insufficient cpu.",
        ),
        (pod("ContainerCreating"), "its container waits: ContainerCreating"),
    ],
)
def test_tells_what_a_pod_waits_for(given: Json | None, expected: str) -> None:
    assert waiting_reason(given) == expected


@pytest.mark.parametrize(
    ("reason", "kind", "message", "told"),
    [
        ("Scheduled", "Normal", "Successfully assigned x to n1", ["A node was found. Successfully assigned x to n1"]),
        ("FailedScheduling", "Warning", "0/1 nodes", ["No node takes it yet: 0/1 nodes"]),
        (
            "Pulling",
            "Normal",
            'Pulling image "x"',
            ['Pulling image "x". The first start of an image on a node takes longer.'],
        ),
        ("Started", "Normal", "Started container notebook", ["The server's program starts."]),
        ("FailedMount", "Warning", "no such claim", ["FailedMount: no such claim"]),
        ("Pulled", "Normal", "Image is there", ["Image is there"]),
        ("Pulled", "Normal", "", []),
    ],
)
def test_tells_events_in_plain_words(reason: str, kind: str, message: str, told: list[str]) -> None:
    assert list(explain_event({"reason": reason, "type": kind, "message": message})) == told
