from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jupyterhub import orm, roles
from jupyterhub.utils import utcnow
from sqlalchemy.orm import Session

from carrel_hub.ssh_keys.public_key import KeyRefusedError
from carrel_hub.ssh_keys.store import KEY_TOKENS, MOST_KEYS, KeyStore, fingerprint_in
from carrel_hub.ssh_keys.tokens import LIFETIME, TokenUse, make_token, superfluous
from support.ssh_keys import new_key

NOW = datetime(2026, 11, 21, 12)
MakeUser = Callable[[str], orm.User]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    """The hub's database, as the hub makes it at its start."""
    session = orm.new_session_factory(f"sqlite:///{tmp_path}/hub.sqlite")()
    for role in roles.get_default_roles():
        roles.create_role(session, role)
    session.add(orm.OAuthClient(identifier="jupyterhub"))
    session.commit()
    yield session
    session.close()


@pytest.fixture
def make_user(db: Session) -> MakeUser:
    def make(name: str) -> orm.User:
        user = orm.User(name=name)
        db.add(user)
        db.commit()
        roles.assign_default_roles(db, entity=user)
        return user

    return make


def tokens_of(db: Session, user: orm.User) -> list[str]:
    return [str(token.note) for token in db.query(orm.APIToken).filter_by(user_id=user.id)]


def test_a_key_is_kept_with_what_is_needed_to_know_it_again(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    store, pair = KeyStore(db, make_user("ada")), new_key(tmp_path, comment="ada@laptop")
    key = store.add(" my \tlaptop\x07", pair.line)
    assert (key.title, key.line, key.fingerprint, key.last_used) == (
        "my laptop",
        " ".join(pair.line.split()[:2]),
        pair.fingerprint,
        None,
    )
    assert (store.all(), store.find(pair.fingerprint)) == ([key], key)
    assert fingerprint_in(key.path) == key.fingerprint
    assert not set("+/=") & set(key.path)
    store.used(key)
    assert store.all()[0].last_used is not None


def test_a_key_without_a_title_is_called_by_its_comment_else_by_what_it_is(
    db: Session, make_user: MakeUser, tmp_path: Path
) -> None:
    store = KeyStore(db, make_user("ada"))
    titles = [store.add("", new_key(tmp_path, comment=comment).line).title for comment in ("ada@laptop", "")]
    assert [*titles, store.add("x" * 300, new_key(tmp_path).line).title] == ["ada@laptop", "SSH key", "x" * 100]


def test_a_key_is_registered_once_for_each_user(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    ada, eve, pair = KeyStore(db, make_user("ada")), KeyStore(db, make_user("eve")), new_key(tmp_path)
    ada.add("laptop", pair.line)
    with pytest.raises(KeyRefusedError) as caught:
        ada.add("again", pair.line)
    assert str(caught.value) == f'You have registered this key already, as "laptop" ({pair.fingerprint}).'
    assert eve.add("of both", pair.line).title == "of both"
    eve.remove(eve.all()[0])
    assert ([key.title for key in ada.all()], eve.all()) == (["laptop"], [])


def test_nobody_has_more_keys_than_anybody_uses(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    store = KeyStore(db, make_user("ada"))
    for _ in range(MOST_KEYS):
        store.add("", new_key(tmp_path).line)
    with pytest.raises(KeyRefusedError, match=r"^You have 20 keys, and may have 20: remove one that you do not use\.$"):
        store.add("", new_key(tmp_path).line)


def test_a_token_is_good_for_one_s_own_servers_and_hours(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    ada = make_user("ada")
    key = KeyStore(db, ada).add("laptop", new_key(tmp_path).line)
    token = orm.APIToken.find(db, make_token(db, ada, key))
    assert (token.user is ada, token.note) == (True, f"ssh key laptop {key.fingerprint}")
    assert sorted(token.scopes) == ["access:servers!user=ada", "servers!user=ada"]
    assert abs(token.expires_in - LIFETIME.total_seconds()) < 60


def test_a_key_that_is_removed_takes_its_own_tokens_along(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    ada = make_user("ada")
    store = KeyStore(db, ada)
    first, second = (store.add(title, new_key(tmp_path).line) for title in ("first", "second"))
    ada.new_api_token(note="by hand")
    for key in (first, second, first):
        make_token(db, ada, key)
    assert len(ada.api_tokens) == 4
    store.remove(first)
    assert tokens_of(db, ada) == ["by hand", f"ssh key second {second.fingerprint}"]
    assert len(ada.api_tokens) == 2


def test_keys_and_tokens_end_with_their_user(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    ada, eve = make_user("ada"), make_user("eve")
    for user in (ada, eve):
        make_token(db, user, KeyStore(db, user).add("laptop", new_key(tmp_path).line))
    db.delete(ada)
    db.commit()
    assert (KeyStore(db, ada).all(), len(KeyStore(db, eve).all())) == ([], 1)
    assert (db.query(KEY_TOKENS).count(), db.query(orm.APIToken).count()) == (1, 1)


def test_a_login_takes_back_what_no_connection_uses(db: Session, make_user: MakeUser, tmp_path: Path) -> None:
    ada = make_user("ada")
    key = KeyStore(db, ada).add("laptop", new_key(tmp_path).line)
    ada.new_api_token(note="by hand")
    used, unused = (orm.APIToken.find(db, make_token(db, ada, key)) for _ in range(2))
    for token in (*ada.api_tokens,):
        token.created -= timedelta(hours=2)
    used.last_activity = utcnow(with_tz=False)
    hashes = (used.hashed, unused.hashed)
    db.commit()
    make_token(db, ada, key)
    left = {token.hashed for token in db.query(orm.APIToken)}
    assert (len(left), *(each in left for each in hashes)) == (3, True, False)
    assert "by hand" in tokens_of(db, ada)


def test_tokens_are_superfluous_unused_for_an_hour_or_beyond_a_hundred() -> None:
    hour = timedelta(hours=1)
    tokens = [TokenUse(1, NOW - hour), TokenUse(2, NOW - hour - timedelta(seconds=1)), TokenUse(3, NOW)]
    assert superfluous(tokens, NOW) == [2]
    many = [TokenUse(number, NOW - timedelta(seconds=number % 7)) for number in range(110)]
    dropped = superfluous(many, NOW)
    assert (len(dropped), {each % 7 for each in dropped}) == (10, {6})
