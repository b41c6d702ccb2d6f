import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carrel_hub.settings import SettingsError, load_settings, read_settings
from support.samples import ENVIRONMENT, FILE

Json = dict[str, Any]
Problems = Callable[[Json, dict[str, str]], str]


def test_defaults_stand_where_nothing_is_said() -> None:
    settings = read_settings(FILE, ENVIRONMENT)
    assert (settings.api_timeout_seconds, settings.named_server_limit, settings.concurrent_spawn_limit) == (5, 0, 64)
    assert (settings.work.start_timeout_seconds, settings.work.pull_grace_seconds) == (300, 15)
    assert (settings.culling.enabled, settings.culling.every_seconds, settings.culling.idle_seconds) == (
        True,
        300,
        None,
    )
    assert (settings.identity.client_id, settings.identity.admin_role) == ("hub", "carrel-admin")


def test_every_problem_is_told_at_once(problems_of: Problems) -> None:
    file = copy.deepcopy(FILE)
    file["publicUrl"] = ""
    file["namedServerLimit"] = -1
    file["work"]["namespce"] = file["work"].pop("namespace")
    file["work"]["tolerations"] = "all"
    file["culling"] = {"idleSeconds": True, "enabled": "yes"}
    del file["identity"]
    assert problems_of(file, {**ENVIRONMENT, "API_SERVER_SECRET": "", "JPY_COOKIE_SECRET": "short"}).split("\n") == [
        'publicUrl must be a text, got ""',
        "namedServerLimit must be a whole number of at least 0, got -1",
        "identity must be an object, got NoneType",
        "identity.issuer must be a text, got null",
        "identity.backchannelUrl must be a text, got null",
        "work.namespace must be a text, got null",
        'work.tolerations must be a list of objects, got "all"',
        "work.namespce is not a setting: remove it",
        'culling.enabled must be true or false, got "yes"',
        "culling.idleSeconds must be a whole number of at least 1, got true",
        "JPY_COOKIE_SECRET must be 64 hexadecimal digits",
        "the environment has no API_SERVER_SECRET",
    ]


def test_secrets_do_not_show() -> None:
    shown = repr(read_settings(FILE, ENVIRONMENT))
    assert [value for value in ENVIRONMENT.values() if value in shown] == []


def test_loads_the_file_that_the_environment_names(tmp_path: Path) -> None:
    file = tmp_path / "hub.json"
    file.write_text(json.dumps(FILE))
    environment = {**ENVIRONMENT, "CARREL_HUB_CONFIG": str(file)}
    assert load_settings(environment) == read_settings(FILE, ENVIRONMENT)


def test_says_which_file_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "hub.json"
    file.write_text("{")
    with pytest.raises(SettingsError, match=r'^CARREL_HUB_CONFIG=".*hub.json" cannot be read: Expecting property name'):
        load_settings({"CARREL_HUB_CONFIG": str(file)})
    with pytest.raises(SettingsError, match=r'^CARREL_HUB_CONFIG="" cannot be read: '):
        load_settings({})


def test_an_ssh_gateway_needs_an_address_and_its_token(problems_of: Problems) -> None:
    assert problems_of({**FILE, "ssh": {"port": 0, "user": "ada"}}, {**ENVIRONMENT, "SSH_GATEWAY_TOKEN": ""}) == (
        "ssh.host must be a text, got null\n"
        "ssh.port must be a whole number of at least 1, got 0\n"
        "ssh.user is not a setting: remove it\n"
        "the environment has no SSH_GATEWAY_TOKEN"
    )
    without = read_settings({name: value for name, value in FILE.items() if name != "ssh"}, ENVIRONMENT)
    assert (without.ssh, without.secrets.ssh_gateway_token) == (None, None)
