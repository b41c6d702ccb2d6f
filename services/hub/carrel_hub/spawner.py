"""KubeSpawner that starts what the API offers, and tells why it does not start."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress

from jupyterhub.utils import url_escape_path, url_path_join
from kubernetes_asyncio.client import V1Pod
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
from carrel_hub.settings import Settings
from carrel_hub.trouble import TroubleWatch, explain_event, waiting_reason

Form = Mapping[str, list[str]]

_CONFLICT = 409
_LOOK_SECONDS = 0.5
# The hub gives up at start_timeout without a reason; this spawner does so a little before, with one.
_BEFORE_TIMEOUT_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 10


class CarrelSpawner(KubeSpawner):
    """Starts a server of a group. The choice is in user_options: group, instanceType, image, safeMode."""

    api_client = Instance(ApiClient, help="Client of the platform's API").tag(config=True)
    settings = Instance(Settings, help="What the hub is told").tag(config=True)

    _launch: Launch | None = None
    _refusal: Refusal | None = None

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

    def _error(self, status: int, message: str) -> LaunchError:
        return LaunchError(status, message, self.launch_url)

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

    async def _start(self) -> object:
        """Starts as KubeSpawner does, and gives up with the reason as soon as there is one."""
        self._refusal = None
        starting = asyncio.ensure_future(super()._start())
        watching = asyncio.ensure_future(self._watch_for_trouble())
        try:
            await asyncio.wait({starting, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                await self._mend_reflector()
                raise self._error(500, f"Not started: {watching.result()}.")
            return starting.result()
        except ApiException as error:
            raise self._error(403, f"Not started: {read_refusal(error.status, error.body).message}.") from None
        except TimeoutError:
            raise self._error(504, f"Not started: {self._why_not_in_time()}.") from None
        finally:
            for task in (starting, watching):
                task.cancel()
                with suppress(BaseException):
                    await task

    async def _start_reflector(
        self, kind: str, reflector_class: type[ResourceReflector], replace: bool = False, **kwargs: object
    ) -> object:
        """The reflector is everybody's: a start that is called off while it loads must not leave it unloaded."""
        loading = super()._start_reflector(kind, reflector_class, replace, **kwargs)
        return await asyncio.shield(asyncio.ensure_future(loading))

    async def _mend_reflector(self) -> None:
        """KubeSpawner starts the reflector anew when a pod was never seen, but only after start_timeout."""
        if self._pod() is None:
            with suppress(Exception):
                await self._start_watching_pods(replace=True)

    def _why_not_in_time(self) -> str:
        return self._refusal.message if self._refusal else waiting_reason(self._pod())

    def _pod(self) -> Mapping[str, object] | None:
        reflector = self.pod_reflector
        pod = reflector.pods.get(f"{self.namespace}/{self.pod_name}") if reflector else None
        # A pod of an earlier start may be on its way out.
        return None if pod is None or "deletionTimestamp" in pod["metadata"] else pod

    async def _watch_for_trouble(self) -> str:
        watch = TroubleWatch(self.settings.work.pull_grace_seconds)
        deadline = time.monotonic() + self.start_timeout - _BEFORE_TIMEOUT_SECONDS
        while True:
            now = time.monotonic()
            if now >= deadline:
                return f"it took longer than {self.start_timeout} s; {self._why_not_in_time()}"
            reason = watch.observe(self._pod(), now)
            if reason is not None:
                return reason
            await asyncio.sleep(_LOOK_SECONDS)

    async def _make_create_pod_request(self, pod: V1Pod, request_timeout: float) -> bool:
        """True when the pod is there, False to try again. KubeSpawner's own writes the server's token to the log."""
        try:
            await asyncio.wait_for(self.api.create_namespaced_pod(self.namespace, pod), request_timeout)
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
