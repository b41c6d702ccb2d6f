"""Keys of OpenSSH, and logins that they sign as its client does."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

KEYGEN = shutil.which("ssh-keygen") or "ssh-keygen"
HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
    "ecdsa-sha2-nistp256": hashes.SHA256(),
    "ecdsa-sha2-nistp384": hashes.SHA384(),
    "ecdsa-sha2-nistp521": hashes.SHA512(),
}


@dataclass(frozen=True)
class KeyPair:
    """Two files of ssh-keygen."""

    file: Path

    @property
    def line(self) -> str:
        return Path(f"{self.file}.pub").read_text().strip()

    @property
    def fingerprint(self) -> str:
        shown = subprocess.run([KEYGEN, "-lf", f"{self.file}.pub"], capture_output=True, text=True, check=True)
        return shown.stdout.split(" ")[1]

    def sign(self, algorithm: str, data: bytes) -> bytes:
        """As the gateway hands it on: ECDSA in DER."""
        key = load_ssh_private_key(self.file.read_bytes(), None)
        if isinstance(key, RSAPrivateKey):
            return key.sign(data, padding.PKCS1v15(), HASHES[algorithm])
        if isinstance(key, EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(HASHES[algorithm]))
        assert isinstance(key, Ed25519PrivateKey)
        return key.sign(data)


def new_key(folder: Path, kind: str = "ed25519", bits: int | None = None, comment: str = "") -> KeyPair:
    """A pair that ssh-keygen makes."""
    file = folder / f"{kind}-{bits}-{len(list(folder.iterdir()))}"
    size = [] if bits is None else ["-b", str(bits)]
    command = [KEYGEN, "-q", "-t", kind, *size, "-N", "", "-C", comment, "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    return KeyPair(file)


def string(data: bytes) -> bytes:
    """A string in SSH's wire format."""
    return len(data).to_bytes(4, "big") + data


def signed_data(user: str, algorithm: str, blob: bytes, *, service: str = "ssh-connection") -> bytes:
    """What RFC 4252, section 7 has a client sign."""
    fields = (user.encode(), service.encode(), b"publickey")
    head = string(b"s" * 32) + bytes([50]) + b"".join(map(string, fields))
    return head + bytes([1]) + string(algorithm.encode()) + string(blob)
