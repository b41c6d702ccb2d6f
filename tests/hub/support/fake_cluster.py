"""A Kubernetes API server of pods, claims and events, whose kubelet does what it is told."""

import asyncio
import json
from typing import Any

from aiohttp import web

Json = dict[str, Any]
QUOTA_DENIAL = 'quota exceeded: member "ada" of group "physics": cpu quota 8, used 7500m, requested 1'
NOT_FOUND = "registry.example/torch:2: not found"
LOG = "\x1b[31mserving on 127.0.0.1 only\x1b[0m\n"
LOG_BEFORE = "Traceback\nModuleNotFoundError: No module named '<jupyterhub>'\n"
DEAF = "127.0.0.2"
_SLOW_SECONDS = 2
NO_ROOM = "0/1 nodes are available: 1 Insufficient cpu."


def _failure(status: int, reason: str, message: str, **details: object) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "reason": reason}
    return web.json_response({**body, "message": message, "details": details}, status=status)


class FakeCluster:
    """`outcome` says what becomes of pods: run, deny, busy (once), pull, crowded, slow, deaf, crash."""

    def __init__(self) -> None:
        self.outcome = "run"
        self.pods: dict[str, Json] = {}
        self.claims: dict[str, Json] = {}
        self.created: list[Json] = []
        self.asked = 0
        self._version = 0
        self._log: list[tuple[int, str, str, Json]] = []
        pods = "/api/v1/namespaces/{namespace}/pods"
        self.app = web.Application()
        self.app.router.add_get(pods, self._list_pods)
        self.app.router.add_post(pods, self._create_pod)
        self.app.router.add_delete(pods + "/{name}", self._delete_pod)
        self.app.router.add_get(pods + "/{name}/log", self._read_log)
        self.app.router.add_get("/api/v1/namespaces/{namespace}/events", self._list_events)
        self.app.router.add_post("/api/v1/namespaces/{namespace}/persistentvolumeclaims", self._create_claim)

    def reset(self) -> None:
        self.outcome = "run"
        self.created = []
        self.asked = 0

    def _record(self, kind: str, change: str, item: Json) -> None:
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        self._log.append((self._version, kind, change, json.loads(json.dumps(item))))

    def _event(self, pod: Json, reason: str, message: str, kind: str = "Normal") -> None:
        name = pod["metadata"]["name"]
        metadata = {"name": f"{name}.{self._version}", "namespace": "carrel-work", "uid": f"event-{self._version}"}
        times = {"firstTimestamp": None, "lastTimestamp": "2026-03-01T12:00:00Z", "eventTime": None}
        involved = {"kind": "Pod", "name": name}
        event = {"metadata": metadata, "involvedObject": involved, "reason": reason, "message": message, "type": kind}
        self._record("events", "ADDED", {**event, **times})

    async def _list(self, request: web.Request, kind: str, items: list[Json]) -> web.StreamResponse:
        if "watch" not in request.query:
            metadata = {"resourceVersion": str(self._version)}
            return web.json_response({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})
        seen = int(request.query.get("resourceVersion") or 0)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(100):
            for version, of_kind, change, item in self._log:
                if version > seen and of_kind == kind:
                    await response.write(json.dumps({"type": change, "object": item}).encode() + b"\n")
            seen = self._version
            await asyncio.sleep(0.05)
        return response

    async def _list_pods(self, request: web.Request) -> web.StreamResponse:
        return await self._list(request, "pods", list(self.pods.values()))

    async def _list_events(self, request: web.Request) -> web.StreamResponse:
        return await self._list(request, "events", [])

    async def _create_claim(self, request: web.Request) -> web.StreamResponse:
        claim = await request.json()
        name = claim["metadata"]["name"]
        if name in self.claims:
            return _failure(409, "AlreadyExists", f'persistentvolumeclaims "{name}" already exists')
        self.claims[name] = claim
        return web.json_response(claim, status=201)

    async def _create_pod(self, request: web.Request) -> web.StreamResponse:
        pod = await request.json()
        self.asked += 1
        name = pod["metadata"]["name"]
        denied = 'admission webhook "quota.carrel.dev" denied the request: '
        if self.outcome == "deny":
            return _failure(403, "Forbidden", denied + QUOTA_DENIAL)
        if self.outcome == "busy":
            self.outcome = "run"
            return _failure(429, "TooManyRequests", denied + "too many at once", retryAfterSeconds=1)
        if name in self.pods:
            return _failure(409, "AlreadyExists", f'pods "{name}" already exists')
        if self.outcome == "slow":
            await asyncio.sleep(_SLOW_SECONDS)
        pod["metadata"] |= {"uid": f"pod-{self._version}", "namespace": request.match_info["namespace"]}
        pod["status"] = {"phase": "Pending", "podIP": None, "containerStatuses": [], "conditions": []}
        self.pods[name] = pod
        self.created.append(json.loads(json.dumps(pod)))
        self._record("pods", "ADDED", pod)
        answer = web.json_response(pod, status=201)
        self._kubelet(pod)
        return answer

    def _kubelet(self, pod: Json) -> None:
        status = {
            "name": "notebook",
            "image": pod["spec"]["containers"][0]["image"],
            "ready": False,
            "imageID": "",
            "restartCount": 0,
        }
        if self.outcome == "crowded":
            self._event(pod, "FailedScheduling", NO_ROOM, "Warning")
            condition = {"type": "PodScheduled", "status": "False", "message": NO_ROOM}
            pod["status"]["conditions"] = [condition]
        elif self.outcome == "pull":
            self._event(pod, "Failed", f"Failed to pull image: {NOT_FOUND}", "Warning")
            waiting = {"reason": "ErrImagePull", "message": NOT_FOUND}
            pod["status"]["containerStatuses"] = [{**status, "state": {"waiting": waiting}}]
        else:
            self._event(pod, "Started", "Started container notebook")
            running = {**status, "ready": True, "state": {"running": {}}}
            address = DEAF if self.outcome in ("deaf", "crash") else "127.0.0.1"
            pod["status"] |= {"phase": "Running", "podIP": address, "containerStatuses": [running]}
            if self.outcome == "crash":
                asyncio.get_running_loop().call_later(1, self._crash, pod)
        self._record("pods", "MODIFIED", pod)

    def _crash(self, pod: Json) -> None:
        """Its program ends, and is started again."""
        last = {"terminated": {"exitCode": 3, "reason": "Error"}}
        [status] = pod["status"]["containerStatuses"]
        pod["status"]["containerStatuses"] = [{**status, "restartCount": 1, "lastState": last}]
        if pod["metadata"]["name"] in self.pods:
            self._record("pods", "MODIFIED", pod)

    async def _read_log(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=LOG_BEFORE if request.query.get("previous") == "True" else LOG)

    async def _delete_pod(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        pod = self.pods.get(name)
        if pod is None:
            return _failure(404, "NotFound", f'pods "{name}" not found')
        uid = (((await request.json()) if request.can_read_body else {}).get("preconditions") or {}).get("uid")
        if uid not in (None, pod["metadata"]["uid"]):
            return _failure(409, "Conflict", f'pods "{name}" has another uid')
        self.remove(name)
        return web.json_response(pod)

    def add(self, name: str, metadata: Json) -> None:
        """One that was there before the hub."""
        self.pods[name] = {"metadata": {"name": name, "namespace": "carrel-work", **metadata}, "status": {}}
        self._record("pods", "ADDED", self.pods[name])

    def remove(self, name: str) -> None:
        """As somebody else does."""
        self._record("pods", "DELETED", self.pods.pop(name))
