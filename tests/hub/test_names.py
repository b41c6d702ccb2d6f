import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel_hub.amounts import format_bytes, format_milli
from carrel_hub.names import literal, slug

VECTORS = json.loads((Path(__file__).parent / "slug-vectors.json").read_text())
LABEL = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?\Z")
names = st.one_of(st.text(max_size=200), st.text(alphabet="abzXYZ019-._@ /éß", max_size=90))


@pytest.mark.parametrize(("name", "label"), VECTORS["slugs"].items())
def test_slug_is_what_quota_says(name: str, label: str) -> None:
    assert slug(name) == label


@pytest.mark.parametrize(("amount", "text"), VECTORS["milli"].items())
def test_milli_read_as_quota_writes_them(amount: str, text: str) -> None:
    assert format_milli(int(amount)) == text


@pytest.mark.parametrize(("amount", "text"), VECTORS["bytes"].items())
def test_bytes_read_as_quota_writes_them(amount: str, text: str) -> None:
    assert format_bytes(int(amount)) == text


@given(names)
def test_slug_is_a_label_and_its_own_slug(name: str) -> None:
    label = slug(name)
    assert LABEL.match(label)
    assert slug(label) == label


@given(st.lists(names, unique=True, max_size=20))
def test_different_names_have_different_slugs(several: list[str]) -> None:
    unsafe = [name for name in several if slug(name) != name]
    assert len({slug(name) for name in unsafe}) == len(unsafe)


@given(st.text())
def test_literal_text_comes_out_of_a_template_as_it_was(text: str) -> None:
    assert literal(text).format(username="ada") == text
