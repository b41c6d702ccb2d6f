"""Which keys people registered, in two tables of the hub's own database."""

from dataclasses import dataclass
from datetime import datetime

from jupyterhub import orm
from jupyterhub.utils import utcnow
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Unicode,
    UnicodeText,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from carrel_hub.ssh_keys.public_key import KeyRefusedError, PublicKey, clean_text, read_public_key

MOST_KEYS = 20
LONGEST_TITLE = 100

# Among the hub's own tables: it makes those that are missing whenever it starts, and both end with their user.
# Several users may have one key. A login names its user, so it stays unambiguous; and public keys are public, so were
# they unique, anybody could keep somebody else from registering theirs.
KEYS = Table(
    "carrel_ssh_keys",
    orm.Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("title", Unicode(LONGEST_TITLE), nullable=False),
    Column("line", UnicodeText, nullable=False),
    Column("fingerprint", Unicode(64), nullable=False),
    Column("created", DateTime, nullable=False),
    Column("last_used", DateTime, nullable=True),
    UniqueConstraint("user_id", "fingerprint"),
)
KEY_TOKENS = Table(
    "carrel_ssh_key_tokens",
    orm.Base.metadata,
    Column("token_id", Integer, ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("key_id", Integer, ForeignKey("carrel_ssh_keys.id", ondelete="CASCADE"), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A registered key; times in UTC without a zone, as the hub has them."""

    id: int
    title: str
    line: str
    fingerprint: str
    created: datetime
    last_used: datetime | None

    @property
    def public(self) -> PublicKey:
        return read_public_key(self.line)

    @property
    def path(self) -> str:
        """The fingerprint as a part of a URL."""
        return self.fingerprint.removeprefix("SHA256:").translate(str.maketrans("+/", "-_"))


def fingerprint_in(path: str) -> str:
    """The fingerprint in a part of a URL."""
    return f"SHA256:{path.translate(str.maketrans('-_', '+/'))}"


def title_of(title: str, key: PublicKey) -> str:
    """What a key is called: what its owner says, else its own comment."""
    return (clean_text(title) or key.comment or "SSH key")[:LONGEST_TITLE]


class KeyStore:
    """Keys of one user."""

    def __init__(self, db: Session, user: orm.User) -> None:
        self._db = db
        self._user_id = user.id

    def all(self) -> list[StoredKey]:
        """In the order in which they were added."""
        return self._read()

    def find(self, fingerprint: str) -> StoredKey | None:
        return next((key for key in self._read() if key.fingerprint == fingerprint), None)

    def add(self, title: str, text: str) -> StoredKey:
        """Registers a key out of what was pasted.

        Raises KeyRefusedError for what is no key that is taken, one key too many, and one that is there.
        """
        key = read_public_key(text)
        keys = self._read()
        known = next((each for each in keys if each.fingerprint == key.fingerprint), None)
        if known is not None:
            raise KeyRefusedError(f'You have registered this key already, as "{known.title}" ({key.fingerprint}).')
        if len(keys) >= MOST_KEYS:
            raise KeyRefusedError(
                f"You have {len(keys)} keys, and may have {MOST_KEYS}: remove one that you do not use."
            )
        now = utcnow(with_tz=False)
        row = {"title": title_of(title, key), "line": key.line, "fingerprint": key.fingerprint, "created": now}
        self._db.execute(insert(KEYS).values(user_id=self._user_id, **row))
        self._db.commit()
        return self._read(KEYS.c.fingerprint == key.fingerprint)[0]

    def used(self, key: StoredKey) -> None:
        """Notes that it was used now."""
        self._db.execute(update(KEYS).where(KEYS.c.id == key.id).values(last_used=utcnow(with_tz=False)))
        self._db.commit()

    def remove(self, key: StoredKey) -> None:
        """Removes a key, and every token that it was given."""
        given = select(KEY_TOKENS.c.token_id).where(KEY_TOKENS.c.key_id == key.id)
        # One by one, so that the hub's session notices.
        for token in self._db.query(orm.APIToken).filter(orm.APIToken.id.in_(given)):
            self._db.delete(token)
        self._db.flush()
        self._db.execute(delete(KEYS).where(KEYS.c.id == key.id))
        self._db.commit()

    def _read(self, *where: ColumnElement[bool]) -> list[StoredKey]:
        columns = (KEYS.c.id, KEYS.c.title, KEYS.c.line, KEYS.c.fingerprint, KEYS.c.created, KEYS.c.last_used)
        mine = select(*columns).where(KEYS.c.user_id == self._user_id, *where).order_by(KEYS.c.id)
        return [StoredKey(*row) for row in self._db.execute(mine)]
