from typing import Any

from carrel_hub.strays import strays

Json = dict[str, Any]


def pod(name: str, user: str | None) -> Json:
    annotations = {} if user is None else {"annotations": {"carrel.dev/user-name": user}}
    return {"metadata": {"name": name, **annotations}}


def test_finds_pods_of_users_who_are_not_known_and_leaves_those_that_say_nothing() -> None:
    pods = [pod("c", "zoe"), pod("b", "ada"), pod("a", "Zoe"), pod("d", None)]
    assert strays(pods, {"ada"}) == ["a", "c"]
    assert strays([], {"ada"}) == []
