"""What a client signs to log in by a key (RFC 4252, section 7), and whether it did."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from carrel_hub.ssh_keys.public_key import RSA, PublicKey

_USERAUTH_REQUEST = 50
_TRUE = 1
_LENGTH_BYTES = 4
# No SHA-1, which is what "ssh-rsa" stands for as an algorithm.
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
_CURVE_HASHES: dict[str, hashes.HashAlgorithm] = {
    "ecdsa-sha2-nistp256": hashes.SHA256(),
    "ecdsa-sha2-nistp384": hashes.SHA384(),
    "ecdsa-sha2-nistp521": hashes.SHA512(),
}


class NotSignedError(Exception):
    """Why a login is not one that the key signed; for the log."""


@dataclass(frozen=True, slots=True)
class SignedLogin:
    """`user` may have `/server` behind the name."""

    session: bytes
    user: str
    service: str
    method: str
    algorithm: str
    key: bytes


class _Reader:
    """Reads SSH's wire format (RFC 4251, section 5)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise NotSignedError("what was signed is cut off")
        self._at += count
        return taken

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(_LENGTH_BYTES), "big"))

    def text(self) -> str:
        try:
            return self.string().decode()
        except UnicodeDecodeError as error:
            raise NotSignedError("what was signed is no text where it has to be") from error

    def expect(self, byte: int, meaning: str) -> None:
        if self.take(1)[0] != byte:
            raise NotSignedError(f"what was signed is no {meaning}")

    def end(self) -> None:
        if self._at != len(self._data):
            raise NotSignedError("what was signed goes on after its end")


def read_signed_login(data: bytes) -> SignedLogin:
    """The fields of what was signed.

    Raises NotSignedError for anything else than a login by a key.
    """
    reader = _Reader(data)
    session = reader.string()
    reader.expect(_USERAUTH_REQUEST, "login")
    user, service, method = reader.text(), reader.text(), reader.text()
    reader.expect(_TRUE, "login with a signature")
    login = SignedLogin(session, user, service, method, reader.text(), reader.string())
    reader.end()
    return login


def _check_fields(login: SignedLogin, user: str, algorithm: str, key: PublicKey) -> None:
    name, _, server = login.user.partition("/")
    expected = {
        "a session": login.session != b"",
        "this user": name == user and "/" not in server,
        "a connection": login.service == "ssh-connection",
        "a login by a key": login.method == "publickey",
        "this algorithm": login.algorithm == algorithm,
        "this key": login.key == key.blob,
    }
    wrong = next((meaning for meaning, agrees in expected.items() if not agrees), None)
    if wrong is not None:
        raise NotSignedError(f"what was signed is not for {wrong}")
    if algorithm not in (_RSA_HASHES if key.kind == RSA else (key.kind,)):
        raise NotSignedError(f"{key.kind} does not sign by {algorithm}")


def check_signed_login(data: bytes, signature: bytes, user: str, algorithm: str, key: PublicKey) -> None:
    """Checks that the key signed a login of this user. An ECDSA signature is in DER, the others are as in SSH.

    Raises NotSignedError.
    """
    _check_fields(read_signed_login(data), user, algorithm, key)
    public = load_ssh_public_key(key.line.encode())
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(signature, data)
        elif isinstance(public, RSAPublicKey):
            public.verify(signature, data, padding.PKCS1v15(), _RSA_HASHES[algorithm])
        elif isinstance(public, EllipticCurvePublicKey):
            public.verify(signature, data, ec.ECDSA(_CURVE_HASHES[algorithm]))
        else:
            raise NotSignedError(f"keys of type {key.kind} sign nothing here")
    except InvalidSignature as error:
        raise NotSignedError("the signature is not the key's") from error
