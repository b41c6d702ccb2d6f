import base64
import subprocess
from pathlib import Path

import pytest

from carrel_hub.ssh_keys.public_key import KeyRefusedError, clean_text, read_public_key
from support.ssh_keys import KEYGEN, new_key

SSH_ONLY = "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJgdP5qJ5NnDsDm7jdR1rMcbYLDQWhHGw2u5XqRMq2tS"


def refusal(text: str) -> tuple[str, bool]:
    with pytest.raises(KeyRefusedError) as caught:
        read_public_key(text)
    return str(caught.value), caught.value.secret


@pytest.mark.parametrize(
    ("kind", "bits"),
    [("ed25519", None), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048), ("rsa", 3072)],
)
def test_takes_what_ssh_keygen_makes_with_its_fingerprint_and_comment(
    tmp_path: Path, kind: str, bits: int | None
) -> None:
    pair = new_key(tmp_path, kind, bits, "ada@laptop of work")
    key = read_public_key(pair.line)
    assert (key.fingerprint, key.comment) == (pair.fingerprint, "ada@laptop of work")
    assert f"{key.line} {key.comment}" == pair.line


def test_takes_a_key_as_terminals_and_pages_paste_it() -> None:
    pasted = f"\ufeff\r\n  # my key\n\u200b{ED25519.replace(' ', chr(9))}   ada\u00a0@ \x07home \r\n\n"
    key = read_public_key(pasted)
    assert (key.line, key.comment) == (ED25519, "ada @ home")


def test_the_fingerprint_is_of_the_one_spelling_that_clients_send(tmp_path: Path) -> None:
    pair = new_key(tmp_path, "rsa", 2048)
    blob = base64.b64decode(pair.line.split()[1])
    at = 4 + len("ssh-rsa")
    exponent = int.from_bytes(blob[at : at + 4], "big")
    padded = blob[:at] + (exponent + 1).to_bytes(4, "big") + b"\0" + blob[at + 4 :]
    key = read_public_key(f"ssh-rsa {base64.b64encode(padded).decode()}")
    assert (key.blob, key.fingerprint) == (blob, pair.fingerprint)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
@pytest.mark.parametrize("form", ["RFC4716", "PEM"])
def test_a_private_key_is_told_and_not_to_be_shown_again(tmp_path: Path, kind: str, form: str) -> None:
    pair = new_key(tmp_path, kind)
    if form == "PEM" and kind == "rsa":
        command = [KEYGEN, "-p", "-q", "-m", "PEM", "-N", "", "-P", "", "-f", str(pair.file)]
        subprocess.run(command, check=True, capture_output=True)
    assert refusal(pair.file.read_text()) == (
        "This is a private key, which nobody but you may ever have. It was not stored, but it has left your computer:"
        " make a new pair with ssh-keygen -t ed25519, and paste the file that ends in .pub.",
        True,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "No key was given: paste the line in a file such as ~/.ssh/id_ed25519.pub."),
        (
            f"{ED25519}\n{ED25519}\n",
            "A key is one line, got 2: paste one key at a time, without a line break in it.",
        ),
        ("a" * 8193, "A key has at most 8192 characters, got 8193: paste one line of a .pub file."),
        (
            f'from="10.0.0.0/8" {ED25519} ada',
            "Options before a key are not taken: paste the line from the key's type on.",
        ),
        (
            "ssh-ed25519-cert-v01@openssh.com AAAA ada",
            "Certificates are not taken, got ssh-ed25519-cert-v01@openssh.com:"
            " paste the public key that it was made for.",
        ),
        (
            "sk-ssh-ed25519@openssh.com AAAA",
            "Keys of hardware tokens are not taken, got sk-ssh-ed25519@openssh.com: make one with"
            " ssh-keygen -t ed25519.",
        ),
        (
            "ssh-dss AAAAB3NzaC1kc3M=",
            "DSA keys are not taken, got ssh-dss: OpenSSH itself has given them up; make one with"
            " ssh-keygen -t ed25519.",
        ),
        (
            "hello <b>world",
            f'A key begins with {SSH_ONLY}, got "hello": paste the whole line of a .pub file.',
        ),
        (
            "x" * 200,
            f'A key begins with {SSH_ONLY}, got "{"x" * 24}...": paste the whole line of a .pub file.',
        ),
        (
            ED25519[:-8],
            "The key after ssh-ed25519 cannot be read; it may have been cut off: paste the whole line of the .pub"
            " file.",
        ),
        (
            ED25519.replace("ssh-ed25519", "ssh-rsa"),
            "The key after ssh-rsa cannot be read; it may have been cut off: paste the whole line of the .pub file.",
        ),
    ],
)
def test_what_is_no_key_that_is_taken_is_told_with_a_way_out(text: str, message: str) -> None:
    assert refusal(text) == (message, False)


def test_short_rsa_keys_are_told_their_size(tmp_path: Path) -> None:
    message = "An RSA key has at least 2048 bits, got 1024: shorter ones can be broken; make one with"
    assert refusal(new_key(tmp_path, "rsa", 1024).line) == (f"{message} ssh-keygen -t ed25519.", False)


def test_other_formats_of_public_keys_are_told_how_to_convert(tmp_path: Path) -> None:
    pair = new_key(tmp_path, "rsa", 2048)
    forms = {"RFC4716": "RFC 4716: convert it with ssh-keygen -i -f", "PKCS8": "PEM format: convert it with ssh-keygen"}
    for form, words in forms.items():
        command = [KEYGEN, "-e", "-m", form, "-f", f"{pair.file}.pub"]
        exported = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert words in refusal(exported)[0]


def test_text_is_cleaned_of_what_nobody_sees() -> None:
    assert clean_text("\x1b[200~ my\u202e \tlaptop\x00\n") == "[200~ my laptop"
