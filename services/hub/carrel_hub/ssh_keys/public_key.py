"""One line of OpenSSH's `.pub` files, as people paste it."""

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

ED25519 = "ssh-ed25519"
RSA = "ssh-rsa"
ECDSA = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_TYPES = (ED25519, *ECDSA, RSA)
_LEAST_RSA_BITS = 2048
# To check a signature by a longer one takes the hub's only thread for too long.
_MOST_RSA_BITS = 8192
_LONGEST = 8192
_MAKE = "make one with ssh-keygen -t ed25519"
_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|PuTTY-User-Key-File", re.IGNORECASE)
_CERTIFICATE = re.compile(r"-cert(-v\d+)?@")


class KeyRefusedError(Exception):
    """Why a key is not taken, for the person who gave it; `secret` where it must not be shown again."""

    def __init__(self, message: str, *, secret: bool = False) -> None:
        super().__init__(message)
        self.secret = secret


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that is taken: `kind` as its line begins, `blob` in SSH's wire format."""

    kind: str
    blob: bytes
    comment: str

    @property
    def line(self) -> str:
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.blob)


def fingerprint_of(blob: bytes) -> str:
    """`SHA256:...`, as OpenSSH shows it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def clean_text(text: str) -> str:
    """A text on one line, without what terminals and pages put into it unseen."""
    spaced = re.sub(r"\s", " ", text)
    seen = "".join(each for each in spaced if unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return re.sub(r" +", " ", seen).strip()


def _refuse_other_formats(text: str) -> None:
    if _PRIVATE.search(text):
        raise KeyRefusedError(
            "This is a private key, which nobody but you may ever have. It was not stored, but it has left your"
            " computer: make a new pair with ssh-keygen -t ed25519, and paste the file that ends in .pub.",
            secret=True,
        )
    if "BEGIN SSH2 PUBLIC KEY" in text:
        raise KeyRefusedError(
            "This is a key in the format of RFC 4716: convert it with ssh-keygen -i -f FILE, and paste what it prints."
        )
    if "BEGIN PUBLIC KEY" in text:
        raise KeyRefusedError(
            "This is a key in PEM format: convert it with ssh-keygen -i -m PKCS8 -f FILE, and paste what it prints."
        )
    if len(text) > _LONGEST:
        raise KeyRefusedError(
            f"A key has at most {_LONGEST} characters, got {len(text)}: paste one line of a .pub file."
        )


def _only_line(text: str) -> str:
    _refuse_other_formats(text)
    lines = [line for line in map(clean_text, text.splitlines()) if line and not line.startswith("#")]
    if not lines:
        raise KeyRefusedError("No key was given: paste the line in a file such as ~/.ssh/id_ed25519.pub.")
    if len(lines) > 1:
        raise KeyRefusedError(
            f"A key is one line, got {len(lines)}: paste one key at a time, without a line break in it."
        )
    return lines[0]


def _check_kind(kind: str, line: str) -> None:
    if kind in _TYPES:
        return
    if _CERTIFICATE.search(kind):
        raise KeyRefusedError(f"Certificates are not taken, got {kind}: paste the public key that it was made for.")
    if kind.startswith(("sk-", "webauthn-sk-")):
        raise KeyRefusedError(f"Keys of hardware tokens are not taken, got {kind}: {_MAKE}.")
    if kind == "ssh-dss":
        raise KeyRefusedError(f"DSA keys are not taken, got {kind}: OpenSSH itself has given them up; {_MAKE}.")
    if any(f" {each} " in line for each in _TYPES):
        raise KeyRefusedError("Options before a key are not taken: paste the line from the key's type on.")
    shown = kind if len(kind) <= max(map(len, _TYPES)) else f"{kind[:24]}..."
    raise KeyRefusedError(f'A key begins with {", ".join(_TYPES)}, got "{shown}": paste the whole line of a .pub file.')


def _check_size(key: RSAPublicKey) -> None:
    if key.key_size < _LEAST_RSA_BITS:
        raise KeyRefusedError(
            f"An RSA key has at least {_LEAST_RSA_BITS} bits, got {key.key_size}: shorter ones can be broken; {_MAKE}."
        )
    if key.key_size > _MOST_RSA_BITS:
        raise KeyRefusedError(f"An RSA key has at most {_MOST_RSA_BITS} bits, got {key.key_size}: {_MAKE}.")


def read_public_key(text: str) -> PublicKey:
    """The key in what somebody pasted.

    Raises KeyRefusedError saying what is wrong, and what to do.
    """
    line = _only_line(text)
    kind, _, rest = line.partition(" ")
    _check_kind(kind, line)
    encoded, _, comment = rest.partition(" ")
    try:
        base64.b64decode(encoded, validate=True)
        key = load_ssh_public_key(f"{kind} {encoded}".encode())
        # Written anew, because only one spelling of a number has the fingerprint that clients know.
        blob = base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
        raise KeyRefusedError(
            f"The key after {kind} cannot be read; it may have been cut off: paste the whole line of the .pub file."
        ) from error
    if isinstance(key, RSAPublicKey):
        _check_size(key)
    return PublicKey(kind, blob, comment)
