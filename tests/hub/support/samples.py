"""A context and settings that are valid as they are."""

from typing import Any

Json = dict[str, Any]

GI = 1 << 30


def amounts(cpu: int | None, memory: int | None, gpu: int | None) -> Json:
    def text(value: int | None) -> str | None:
        return None if value is None else str(value)

    return {"cpuMilli": text(cpu), "memoryBytes": text(memory), "gpuMilli": text(gpu)}


def instance_type(name: str, cpu: int, memory: int, gpu: int = 0, **fields: object) -> Json:
    resources = {"cpu": f"{cpu}m", "memory": str(memory), **({"nvidia.com/gpu": str(gpu)} if gpu else {})}
    return {
        "name": name,
        "displayName": name.title(),
        "description": "",
        "cpuMilli": str(cpu),
        "memoryBytes": str(memory),
        "gpuMilli": str(gpu * 1000),
        "resources": resources,
        "requests": {},
        "priorityClassName": None,
        "nodeSelector": {},
        "tolerations": [],
        "fits": True,
        "reason": None,
        **fields,
    }


def image(name: str, reference: str, pull_secret: str | None = None) -> Json:
    return {
        "name": name,
        "displayName": name.title(),
        "description": f"All of {name}",
        "reference": reference,
        "variants": [],
        "pullSecret": pull_secret,
        "problem": None,
    }


def volume(name: str, **fields: object) -> Json:
    return {
        "name": name,
        "displayName": name.title(),
        "kind": "pvc",
        "mountPath": f"/datasets/{name}",
        "claim": f"volume-{name}",
        "readOnly": True,
        "env": None,
        **fields,
    }


def group(name: str, slug: str, **fields: object) -> Json:
    return {
        "name": name,
        "slug": slug,
        "displayName": name.title(),
        "problem": None,
        "quota": amounts(40_000, 160 * GI, 4000),
        "memberQuota": amounts(8000, 32 * GI, 1000),
        "usage": amounts(12_000, 48 * GI, 1000),
        "memberUsage": amounts(1500, 4 * GI, 0),
        "remaining": amounts(6500, 28 * GI, 1000),
        "instanceTypes": [],
        "images": [],
        "volumes": [],
        "sharedVolume": None,
        "culling": {"policy": "idle", "idleSeconds": 3600, "maxAgeSeconds": None},
        **fields,
    }


GPU_TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
ALL_OF_IT = {**GPU_TOLERATION, "value": None, "tolerationSeconds": None}
TOO_LARGE = 'member "ada" of group "physics": cpu quota 8, used 1500m, requested 16'

PHYSICS = group(
    "physics",
    "physics",
    instanceTypes=[
        instance_type("small", 1000, 2 * GI),
        instance_type(
            "gpu",
            1500,
            8 * GI,
            1,
            nodeSelector={"accelerator": "a100"},
            tolerations=[ALL_OF_IT],
        ),
        instance_type("huge", 16_000, 64 * GI, fits=False, reason=TOO_LARGE),
    ],
    images=[
        image("scipy", "registry.example/scipy@sha256:11"),
        image("torch", "registry.example/torch:2", "registry-login"),
    ],
    volumes=[
        volume("corpus"),
        volume("scratch", readOnly=False),
        volume("settings", kind="env", mountPath=None, claim=None, env={"CORPUS": '{"a": 1}', "JPY_X": "no"}),
        volume("late", claim=None),
    ],
    sharedVolume={"claim": "group-physics", "gid": 200_001},
)

CHEMISTRY = group(
    "Chemistry Lab",
    "chemistry-lab-0f5ba1ea",
    instanceTypes=[instance_type("small", 1000, 2 * GI)],
    images=[image("rdkit", "registry.example/rdkit:1")],
)

CONTEXT: Json = {"user": {"name": "ada"}, "groups": [PHYSICS, CHEMISTRY]}

FILE: Json = {
    "publicUrl": "https://carrel.localhost:8443",
    "hubUrl": "http://hub.carrel-hub.svc:8081",
    "proxyApiUrl": "http://proxy-api.carrel-hub.svc:8001",
    "apiUrl": "http://api.carrel-system.svc:8081/graphql",
    "databaseUrl": "sqlite:////srv/jupyterhub/db/jupyterhub.sqlite",
    "contact": "the help desk",
    "identity": {
        "issuer": "https://id.carrel.localhost:8443/realms/carrel",
        "backchannelUrl": "http://keycloak.carrel-identity.svc:8080",
    },
    "ssh": {"host": "carrel.localhost", "port": 2222},
    "work": {"namespace": "carrel-work", "storageClass": "nfs", "environment": {"TZ": "Europe/Berlin"}},
}

ENVIRONMENT = {
    "JPY_COOKIE_SECRET": "0123456789abcdef" * 4,
    "JUPYTERHUB_CRYPT_KEY": "fedcba9876543210" * 4,
    "API_SERVER_SECRET": "server-secret",
    "OAUTH_CLIENT_SECRET": "client-secret",
    "CONFIGPROXY_AUTH_TOKEN": "proxy-token",
    "CULLER_API_TOKEN": "culler-token-0123456789",
    "SSH_GATEWAY_TOKEN": "ssh-gateway-token-0123456789",
}
