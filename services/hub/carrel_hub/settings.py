"""What the hub is told: a JSON file for what everybody may read, the environment for secrets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONFIG_VARIABLE = "CARREL_HUB_CONFIG"
_COOKIE_BYTES = 32


class SettingsError(Exception):
    """Every problem of the settings, one a line."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The realm: `issuer` as browsers see it, `backchannel_url` as the hub reaches it."""

    issuer: str
    backchannel_url: str
    client_id: str
    admin_role: str


@dataclass(frozen=True, slots=True)
class Work:
    """Where and how servers run. `safe_home` is where a home is mounted in safe mode."""

    namespace: str
    storage_class: str | None
    home_size: str
    access_mode: str
    scheduler_name: str | None
    priority_class: str | None
    image_pull_policy: str
    node_selector: Mapping[str, str]
    tolerations: Sequence[Mapping[str, object]]
    preferred_node_labels: Mapping[str, str]
    environment: Mapping[str, str]
    start_timeout_seconds: int
    pull_grace_seconds: int


@dataclass(frozen=True, slots=True)
class CullingSettings:
    """How often servers are looked at, and the policy of groups that state none."""

    enabled: bool
    every_seconds: int
    idle_seconds: int | None
    max_age_seconds: int | None


@dataclass(frozen=True, slots=True)
class SshAddress:
    """Where people reach the SSH gateway."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Secrets:
    """Never in the file: each comes from a variable of the same name in capitals."""

    api_server_secret: str = field(repr=False)
    oauth_client_secret: str = field(repr=False)
    configproxy_auth_token: str = field(repr=False)
    culler_api_token: str = field(repr=False)
    metrics_api_token: str | None = field(repr=False)
    ssh_gateway_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the hub is told, checked."""

    public_url: str
    hub_url: str
    proxy_api_url: str
    api_url: str
    api_timeout_seconds: int
    database_url: str
    upgrade_database: bool
    contact: str
    named_server_limit: int
    concurrent_spawn_limit: int
    identity: Identity
    work: Work
    culling: CullingSettings
    ssh: SshAddress | None
    secrets: Secrets


class _Section:
    """A part of the file; collects what is wrong with it in place of stopping at the first problem."""

    def __init__(self, value: object, where: str, problems: list[str]) -> None:
        self._where = where
        self._problems = problems
        self._seen: set[str] = set()
        self._value: Mapping[str, object] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            problems.append(f"{where or 'the file'} must be an object, got {type(value).__name__}")

    def _path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _take(self, name: str) -> object:
        self._seen.add(name)
        return self._value.get(name)

    def _problem(self, name: str, expected: str) -> None:
        self._problems.append(f"{self._path(name)} must be {expected}, got {json.dumps(self._value.get(name))}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value:
            return value
        self._problem(name, "a text")
        return ""

    def text_or_none(self, name: str) -> str | None:
        return None if self._take(name) is None else self.text(name)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self._problem(name, "true or false")
        return default

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self._problem(name, f"a whole number of at least {least}")
        return default

    def number_or_none(self, name: str, *, least: int) -> int | None:
        return None if self._take(name) is None else self.number(name, 0, least=least)

    def texts(self, name: str) -> Mapping[str, str]:
        value = self._take(name)
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
            return value
        self._problem(name, "a map of texts")
        return {}

    def records(self, name: str) -> Sequence[Mapping[str, object]]:
        value = self._take(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return value
        self._problem(name, "a list of objects")
        return []

    def section(self, name: str, *, needed: bool) -> "_Section":
        value = self._take(name)
        return _Section({} if value is None and not needed else value, self._path(name), self._problems)

    def section_or_none(self, name: str) -> "_Section | None":
        return None if self._take(name) is None else self.section(name, needed=True)

    def end(self) -> None:
        unknown = sorted(set(self._value) - self._seen)
        self._problems.extend(f"{self._path(name)} is not a setting: remove it" for name in unknown)


def _identity(section: _Section) -> Identity:
    identity = Identity(
        issuer=section.text("issuer"),
        backchannel_url=section.text("backchannelUrl"),
        client_id=section.text("clientId", "hub"),
        admin_role=section.text("adminRole", "carrel-admin"),
    )
    section.end()
    return identity


def _work(section: _Section) -> Work:
    work = Work(
        namespace=section.text("namespace"),
        storage_class=section.text_or_none("storageClass"),
        home_size=section.text("homeSize", "10Gi"),
        access_mode=section.text("accessMode", "ReadWriteMany"),
        scheduler_name=section.text_or_none("schedulerName"),
        priority_class=section.text_or_none("priorityClass"),
        image_pull_policy=section.text("imagePullPolicy", "IfNotPresent"),
        node_selector=section.texts("nodeSelector"),
        tolerations=section.records("tolerations"),
        preferred_node_labels=section.texts("preferredNodeLabels"),
        environment=section.texts("environment"),
        start_timeout_seconds=section.number("startTimeoutSeconds", 300, least=10),
        pull_grace_seconds=section.number("pullGraceSeconds", 15),
    )
    section.end()
    return work


def _culling(section: _Section) -> CullingSettings:
    culling = CullingSettings(
        enabled=section.flag("enabled", default=True),
        every_seconds=section.number("everySeconds", 300, least=1),
        idle_seconds=section.number_or_none("idleSeconds", least=1),
        max_age_seconds=section.number_or_none("maxAgeSeconds", least=1),
    )
    section.end()
    return culling


def _ssh(section: _Section | None) -> SshAddress | None:
    if section is None:
        return None
    address = SshAddress(host=section.text("host"), port=section.number("port", 22, least=1))
    section.end()
    return address


def _secrets(environment: Mapping[str, str], problems: list[str], *, ssh: bool) -> Secrets:
    def secret(name: str) -> str:
        value = environment.get(name, "")
        if not value:
            problems.append(f"the environment has no {name}")
        return value

    cookie = environment.get("JPY_COOKIE_SECRET", "")
    if len(cookie) != 2 * _COOKIE_BYTES or not all(each in "0123456789abcdef" for each in cookie):
        problems.append("JPY_COOKIE_SECRET must be 64 hexadecimal digits")
    secret("JUPYTERHUB_CRYPT_KEY")
    return Secrets(
        api_server_secret=secret("API_SERVER_SECRET"),
        oauth_client_secret=secret("OAUTH_CLIENT_SECRET"),
        configproxy_auth_token=secret("CONFIGPROXY_AUTH_TOKEN"),
        culler_api_token=secret("CULLER_API_TOKEN"),
        metrics_api_token=environment.get("METRICS_API_TOKEN") or None,
        ssh_gateway_token=secret("SSH_GATEWAY_TOKEN") if ssh else None,
    )


def read_settings(value: object, environment: Mapping[str, str]) -> Settings:
    """Settings out of the file's JSON value and the environment.

    Raises SettingsError with all problems.
    """
    problems: list[str] = []
    file = _Section(value, "", problems)
    ssh = _ssh(file.section_or_none("ssh"))
    settings = Settings(
        public_url=file.text("publicUrl").rstrip("/"),
        hub_url=file.text("hubUrl"),
        proxy_api_url=file.text("proxyApiUrl"),
        api_url=file.text("apiUrl"),
        api_timeout_seconds=file.number("apiTimeoutSeconds", 5, least=1),
        database_url=file.text("databaseUrl"),
        upgrade_database=file.flag("upgradeDatabase", default=False),
        contact=file.text("contact"),
        named_server_limit=file.number("namedServerLimit", 0),
        concurrent_spawn_limit=file.number("concurrentSpawnLimit", 64, least=1),
        identity=_identity(file.section("identity", needed=True)),
        work=_work(file.section("work", needed=True)),
        culling=_culling(file.section("culling", needed=False)),
        ssh=ssh,
        secrets=_secrets(environment, problems, ssh=ssh is not None),
    )
    file.end()
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Settings out of the file that CARREL_HUB_CONFIG names.

    Raises SettingsError, also for a file that is not there or is no JSON.
    """
    path = environment.get(CONFIG_VARIABLE, "")
    try:
        value = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f'{CONFIG_VARIABLE}="{path}" cannot be read: {error}') from error
    return read_settings(value, environment)
