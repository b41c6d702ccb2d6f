"""Names as labels and object names; agrees with quota/owner.ts."""

import hashlib
import re

_SAFE = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_HASH_LENGTH = 8
_SLUG_LENGTH = 63


def slug(name: str) -> str:
    """A name as a label value: itself where it can be, else cleaned and told apart by a hash."""
    if _SAFE.match(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    clean = re.sub(r"[^a-z0-9]+", "-", name.lower())[: _SLUG_LENGTH - _HASH_LENGTH - 1].strip("-")
    return f"{clean or 'x'}-{digest}"


def literal(text: str) -> str:
    """A text that KubeSpawner's templates leave as it is."""
    return text.replace("{", "{{").replace("}", "}}")
