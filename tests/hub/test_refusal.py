import json

import pytest

from carrel_hub.refusal import Refusal, is_taken, read_refusal

QUOTA = 'quota exceeded: member "ada" of group "physics": cpu quota 8, used 7, requested 2'


def status(message: str, **fields: object) -> str:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, **fields})


@pytest.mark.parametrize(
    ("http_status", "body", "refusal"),
    [
        (
            403,
            status(f'admission webhook "quota.carrel.dev" denied the request: {QUOTA}', reason="Forbidden"),
            Refusal(QUOTA, None),
        ),
        (
            429,
            status(
                'admission webhook "quota.carrel.dev" denied the request: too many at once',
                reason="TooManyRequests",
                details={"retryAfterSeconds": 3},
            ),
            Refusal("too many at once", 3),
        ),
        (
            403,
            status('pods "jupyter-ada" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'),
            Refusal('violates PodSecurity "restricted:latest": runAsNonRoot != true', None),
        ),
        (
            422,
            status(
                "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'gpu' with binding 'b' denied request: no GPU here"
            ),
            Refusal("no GPU here", None),
        ),
        (
            500,
            status('Internal error occurred: failed calling webhook "quota.carrel.dev": connection refused'),
            Refusal("the platform's check quota.carrel.dev does not answer: try again in a minute", 2),
        ),
        (404, status('namespaces "carrel-work" not found'), Refusal('namespaces "carrel-work" not found', None)),
        (503, "upstream connect error", Refusal("the cluster answered status 503", 2)),
        (403, b"\xff", Refusal("the cluster answered status 403", None)),
        (403, None, Refusal("the cluster answered status 403", None)),
    ],
)
def test_tells_why_in_the_words_of_who_refused(http_status: int, body: object, refusal: Refusal) -> None:
    assert read_refusal(http_status, body) == refusal


def test_a_conflict_is_told_from_a_name_that_is_taken() -> None:
    assert is_taken(status("exists", reason="AlreadyExists"))
    assert not is_taken(status("changed meanwhile", reason="Conflict"))
