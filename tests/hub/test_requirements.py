import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = (ROOT / "services/hub/requirements.txt").read_text()


def test_the_lab_s_hub_has_the_same_programs() -> None:
    assert (ROOT / "lab/stand-ins/requirements-hub.txt").read_text() == OURS


def test_every_program_is_pinned_with_hashes() -> None:
    for file in (OURS, (Path(__file__).parent / "requirements.txt").read_text()):
        pins = [line for line in file.splitlines() if line and not line.startswith((" ", "#"))]
        assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==\S+ \\", pin)] == []
