"""KubeSpawner that starts what the API offers, and tells why it does not start."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import ClassVar

from jupyterhub import orm
from jupyterhub.utils import exponential_backoff, url_escape_path, url_path_join, wait_for_http_server
from kubernetes_asyncio.client import V1DeleteOptions, V1Pod, V1Preconditions
from kubernetes_asyncio.client.rest import ApiException
from kubespawner.reflector import ResourceReflector
from kubespawner.spawner import KubeSpawner
from traitlets import Instance, default

from carrel_hub.api import ApiClient, ApiError
from carrel_hub.choice import ChoiceError, Launch, check_choice, options_from_form, read_choice
from carrel_hub.context import Context
from carrel_hub.launch_error import LaunchError
from carrel_hub.pod import home_claim, launch_traits, missing_volumes
from carrel_hub.refusal import Refusal, is_taken, read_refusal
from carrel_hub.server_log import read_last_lines
from carrel_hub.settings import Settings
from carrel_hub.strays import strays
from carrel_hub.trouble import TroubleWatch, explain_event, log_to_read, waiting_reason

Form = Mapping[str, list[str]]

_CONFLICT = 409
_LOOK_SECONDS = 0.5
# The hub gives up without a reason; this spawner does so before, with one.
_BEFORE_THE_HUB_SECONDS = 10
_LONGEST_PAUSE_SECONDS = 10
# What goes on after a start was called off; the loop itself holds no task.
_afterwards: set[asyncio.Task[None]] = set()


def _do_afterwards(work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    _afterwards.add(task)
    task.add_done_callback(_afterwards.discard)


class CarrelSpawner(KubeSpawner):
    """Starts a server of a group. The choice is in user_options: group, instanceType, image, safeMode."""

    api_client = Instance(ApiClient, help="Client of the platform's API").tag(config=True)
    settings = Instance(Settings, help="What the hub is told").tag(config=True)

    _launch: Launch | None = None
    _refusal: Refusal | None = None
    _requests: list[asyncio.Future[V1Pod]]
    _runs = False
    _give_up_at = 0.0
    _has_reported: ClassVar[bool] = False

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # The hub's own limit covers the pod's time and its program's: here each is given up on with its reason.
        self.start_timeout = self._pod_seconds + self.http_timeout + _BEFORE_THE_HUB_SECONDS

    @default("options_form")
    def _options_form_default(self) -> str:
        """The page is the handler's; the hub only has to know that there is one."""
        return "launch"

    @default("options_from_form")
    def _options_from_form_default(self) -> Callable[[Form], Awaitable[dict[str, str | bool]]]:
        return self.options_from_query

    @default("apply_user_options")
    def _apply_user_options_default(self) -> Callable[[KubeSpawner, object], None]:
        """Nothing is applied unseen: load_user_options checks first."""
        return lambda _spawner, _options: None

    async def options_from_query(self, query_data: Form) -> dict[str, str | bool]:
        """A form's or a link's choice; one that is not on offer is told on the page that it came from.

        Raises LaunchError.
        """
        options = options_from_form(query_data)
        await self._check(options)
        return options

    @property
    def launch_url(self) -> str:
        """Where this server's choice is made."""
        return str(url_path_join(self.hub.base_url, "spawn", self.user.escaped_name, url_escape_path(self.name or "")))

    def _error(self, status: int, message: str, log: str = "") -> LaunchError:
        return LaunchError(status, message, self.launch_url, log)

    async def launch_context(self, group: str | None = None) -> Context:
        """What the server's user may start.

        Raises LaunchError where the API cannot tell.
        """
        try:
            return await self.api_client.launch_context(self.user.name, group)
        except ApiError as error:
            self.log.error("launchContext of %s: %s", self.user.name, error)
            reason = f"What you may start cannot be looked up: {error}. Nothing was started."
            advice = f"Try again in a minute; if it stays so, ask {self.settings.contact}."
            raise self._error(503, f"{reason} {advice}") from error

    async def _check(self, options: Mapping[str, object]) -> Launch:
        """What a choice stands for now.

        Raises LaunchError for a choice that is not on offer.
        """
        context = await self.launch_context()
        try:
            return check_choice(context, read_choice(options))
        except ChoiceError as error:
            raise self._error(403, f"Not started: {error}.") from error

    async def load_user_options(self) -> None:
        """Checks the choice, wherever it came from, and makes it the pod's.

        Raises LaunchError for a choice that is not on offer.
        """
        launch = self._launch = await self._check(self.user_options)
        # What the hub stores tells the culler the group, whoever left the choice open.
        self.user_options = {
            **self.user_options,
            "group": launch.group.name,
            "instanceType": launch.instance_type.name,
            "image": launch.image.name,
        }
        for name, value in launch_traits(launch, self.settings.work).items():
            setattr(self, name, value)
        self.pvc_name = home_claim(self.user.name)
        # A claim that somebody removed is made anew; one that is there is taken.
        self._pvc_exists = False

    @property
    def _pod_seconds(self) -> int:
        return self.settings.work.start_timeout_seconds

    async def _start(self) -> object:
        """Starts as KubeSpawner does, and gives up with the reason as soon as there is one."""
        self._refusal, self._requests, self._runs = None, [], False
        self._give_up_at = time.monotonic() + self._pod_seconds
        starting = asyncio.ensure_future(self._start_and_answer())
        watching = asyncio.ensure_future(self._watch_for_trouble())
        started = False
        try:
            await asyncio.wait({starting, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                await self._mend_reflector()
                raise await self._given_up(watching.result())
            url = starting.result()
            started = True
            return url
        except ApiException as error:
            raise self._error(403, f"Not started: {read_refusal(error.status, error.body).message}.") from None
        except TimeoutError:
            raise self._error(504, f"Not started: {self._why_waiting()}.") from None
        finally:
            for task in (starting, watching):
                task.cancel()
                with suppress(BaseException):
                    await task
            if not started:
                _do_afterwards(self._take_back(self._requests))

    async def _start_and_answer(self) -> object:
        """As KubeSpawner, and then until the program answers: the hub's own wait has no reason to tell."""
        url = await super()._start()
        self._runs, self._give_up_at = True, time.monotonic() + self.http_timeout
        await wait_for_http_server(
            url_path_join(url, self.server.base_url, "api"), timeout=self.http_timeout + _BEFORE_THE_HUB_SECONDS
        )
        return url

    async def _given_up(self, reason: str) -> LaunchError:
        """With the end of the server's log and what to do, where a program has run."""
        readable = log_to_read(self._pod())
        if readable is None:
            return self._error(500, f"Not started: {reason}.")
        container, previous = readable
        advice = (
            f"Choose another image, or safe mode if it is something in your home; else ask {self.settings.contact}."
        )
        log = await read_last_lines(self, container, previous=previous)
        return self._error(500, f"Not started: {reason}. {advice}", log)

    async def _take_back(self, requests: list[asyncio.Future[V1Pod]]) -> None:
        """Removes what was asked for in vain: the hub stops only what it has seen, and a request may be on its way."""
        for made in await asyncio.gather(*requests, return_exceptions=True):
            if isinstance(made, V1Pod):
                gone = partial(self._is_gone, made.metadata.name, made.metadata.uid)
                try:
                    await exponential_backoff(gone, "it is still there", timeout=self.k8s_api_request_retry_timeout)
                except TimeoutError:
                    self.log.error("pod %s was made in vain and cannot be removed", made.metadata.name)

    async def _is_gone(self, name: str, uid: str) -> bool:
        """Deletes a pod; true where that was heard, or the name is that of a later start's."""
        options = V1DeleteOptions(preconditions=V1Preconditions(uid=uid))
        patience = self.k8s_api_request_timeout
        try:
            return bool(await self._make_delete_pod_request(name, options, self.delete_grace_period, patience))
        except Exception as error:
            return getattr(error, "status", None) == _CONFLICT

    async def _start_reflector(
        self, kind: str, reflector_class: type[ResourceReflector], replace: bool = False, **kwargs: object
    ) -> object:
        """The reflector is everybody's: a start that is called off while it loads must not leave it unloaded."""
        loading = super()._start_reflector(kind, reflector_class, replace, **kwargs)
        reflector = await asyncio.shield(asyncio.ensure_future(loading))
        if kind == "pods" and not CarrelSpawner._has_reported:
            CarrelSpawner._has_reported = True
            self._report_strays()
        return reflector

    def _report_strays(self) -> None:
        """Once, when the hub sees the pods first. Whether a server's work may be lost is not the hub's to say."""
        known = {name for (name,) in self.user.db.query(orm.User.name)}
        found = strays(self.pod_reflector.pods.values(), known)
        if found:
            self.log.warning(
                "pods of users that this hub does not know: %s; they count against quotas: remove them with kubectl",
                ", ".join(found),
            )

    async def _mend_reflector(self) -> None:
        """KubeSpawner starts the reflector anew when a pod was never seen, but only after start_timeout."""
        if self._pod() is None and not self._runs:
            with suppress(Exception):
                await self._start_watching_pods(replace=True)

    def _why_not_in_time(self) -> str:
        if self._runs:
            return f"the server's pod runs, but nothing answered on port {self.port} within {self.http_timeout} s"
        return f"it took longer than {self._pod_seconds} s; {self._why_waiting()}"

    def _why_waiting(self) -> str:
        return self._refusal.message if self._refusal else waiting_reason(self._pod())

    def _pod(self) -> Mapping[str, object] | None:
        reflector = self.pod_reflector
        pod = reflector.pods.get(f"{self.namespace}/{self.pod_name}") if reflector else None
        # A pod of an earlier start may be on its way out.
        return None if pod is None or "deletionTimestamp" in pod["metadata"] else pod

    async def _watch_for_trouble(self) -> str:
        watch = TroubleWatch(self.settings.work.pull_grace_seconds)
        while True:
            now = time.monotonic()
            reason = watch.observe(self._pod(), now, expected=self._runs)
            if reason is not None:
                return reason
            if now >= self._give_up_at:
                return self._why_not_in_time()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _make_create_pod_request(self, pod: V1Pod, request_timeout: float) -> bool:
        """True when the pod is there, False to try again. KubeSpawner's own writes the server's token to the log."""
        request = asyncio.ensure_future(self.api.create_namespaced_pod(self.namespace, pod))
        self._requests.append(request)
        try:
            # Whoever calls it off half way would not know whether there is a pod.
            await asyncio.wait_for(asyncio.shield(request), request_timeout)
        except TimeoutError:
            return False
        except ApiException as error:
            if error.status == _CONFLICT:
                if is_taken(error.body):
                    await self.stop(True)
                return False
            refusal = self._refusal = read_refusal(error.status, error.body)
            self.log.warning("pod %s refused: %s", pod.metadata.name, refusal.message)
            if refusal.again_seconds is None:
                raise self._error(403, f"Not started: {refusal.message}.") from None
            await asyncio.sleep(min(refusal.again_seconds, _LONGEST_PAUSE_SECONDS))
            return False
        return True

    async def progress(self) -> AsyncIterator[dict[str, object]]:
        """What happens to the pod, in plain words."""
        told_missing = False
        async for event in super().progress():
            if self._launch and not told_missing:
                told_missing = True
                for name in missing_volumes(self._launch.group):
                    yield {"message": f'The volume "{name}" is not ready: the server starts without it.'}
            raw = event.get("raw_event")
            for message in explain_event(raw) if raw else [event["message"]]:
                yield {**event, "message": message}
