from pathlib import Path

import pytest

from carrel_hub.ssh_keys.public_key import read_public_key
from carrel_hub.ssh_keys.signed_login import NotSignedError, check_signed_login, read_signed_login
from support.ssh_keys import KeyPair, new_key, signed_data

ED25519 = "ssh-ed25519"


def why_not(pair: KeyPair, data: bytes, signature: bytes, user: str = "ada", algorithm: str = ED25519) -> str:
    with pytest.raises(NotSignedError) as caught:
        check_signed_login(data, signature, user, algorithm, read_public_key(pair.line))
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "bits", "algorithm"),
    [
        ("ed25519", None, ED25519),
        ("ecdsa", 256, "ecdsa-sha2-nistp256"),
        ("ecdsa", 384, "ecdsa-sha2-nistp384"),
        ("ecdsa", 521, "ecdsa-sha2-nistp521"),
        ("rsa", 2048, "rsa-sha2-256"),
        ("rsa", 3072, "rsa-sha2-512"),
    ],
)
@pytest.mark.parametrize("name", ["ada", "ada/gpu"])
def test_a_signed_login_is_one_whichever_server_it_names(
    tmp_path: Path, kind: str, bits: int | None, algorithm: str, name: str
) -> None:
    pair = new_key(tmp_path, kind, bits)
    key = read_public_key(pair.line)
    data = signed_data(name, algorithm, key.blob)
    check_signed_login(data, pair.sign(algorithm, data), "ada", algorithm, key)


def test_a_signature_by_sha_1_is_none(tmp_path: Path) -> None:
    pair = new_key(tmp_path, "rsa", 2048)
    data = signed_data("ada", "ssh-rsa", read_public_key(pair.line).blob)
    assert why_not(pair, data, b"", algorithm="ssh-rsa") == "ssh-rsa does not sign by ssh-rsa"


def test_what_was_signed_has_to_agree_in_everything(tmp_path: Path) -> None:
    pair, other = new_key(tmp_path), new_key(tmp_path)
    blob = read_public_key(pair.line).blob
    good = signed_data("ada", ED25519, blob)
    cases = {
        "this user": signed_data("eve", ED25519, blob),
        "this connection": signed_data("ada", ED25519, blob, service="ssh-userauth"),
        "this algorithm": signed_data("ada", "ssh-ed448", blob),
        "this key": signed_data("ada", ED25519, read_public_key(other.line).blob),
        "a session": bytes(4) + good[4 + 32 :],
        "a login by a key": good.replace(b"publickey", b"hostbased"),
    }
    told = {name: why_not(pair, data, pair.sign("", data)) for name, data in cases.items()}
    assert told == {
        "this user": "what was signed is not for this user",
        "this connection": "what was signed is not for a connection",
        "this algorithm": "what was signed is not for this algorithm",
        "this key": "what was signed is not for this key",
        "a session": "what was signed is not for a session",
        "a login by a key": "what was signed is not for a login by a key",
    }
    two = signed_data("ada/gpu/x", ED25519, blob)
    assert why_not(pair, two, pair.sign("", two)) == "what was signed is not for this user"


def test_every_change_of_a_byte_and_every_end_is_refused(tmp_path: Path) -> None:
    pair = new_key(tmp_path)
    data = signed_data("ada", ED25519, read_public_key(pair.line).blob)
    signature = pair.sign("", data)
    for at in range(len(data)):
        why_not(pair, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], signature)
        why_not(pair, data[:at], pair.sign("", data[:at]))
    for at in range(len(signature)):
        changed = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        assert why_not(pair, data, changed) == "the signature is not the key's"
    longer = data + b"\0"
    assert why_not(pair, longer, pair.sign("", longer)) == "what was signed goes on after its end"
    assert why_not(pair, data, b"") == "the signature is not the key's"


def test_the_fields_are_read_as_they_were_written() -> None:
    login = read_signed_login(signed_data("ada/gpu", ED25519, b"key"))
    assert (login.session, login.user, login.service) == (b"s" * 32, "ada/gpu", "ssh-connection")
    assert (login.method, login.algorithm, login.key) == ("publickey", ED25519, b"key")
