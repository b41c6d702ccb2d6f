"""Tokens of logins by a key: few, short-lived, and good for one's own servers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jupyterhub import orm
from jupyterhub.utils import utcnow
from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from carrel_hub.ssh_keys.store import KEY_TOKENS, KEYS, StoredKey

# A working day: a connection ends with its token.
LIFETIME = timedelta(hours=12)
# The gateway asks about the token of an open connection every minute at least; the rest is for a hub that was away.
_UNUSED = timedelta(hours=1)
# More than one user may have open at all replicas of the gateway.
_MOST_TOKENS = 100


@dataclass(frozen=True, slots=True)
class TokenUse:
    """When a token was last used, or made."""

    id: int
    last_used: datetime


def superfluous(tokens: Sequence[TokenUse], now: datetime) -> list[int]:
    """Which tokens no connection can need any more: unused ones, and the longest unused of too many."""
    latest = sorted(tokens, key=lambda token: (token.last_used, token.id), reverse=True)
    return [each.id for index, each in enumerate(latest) if index >= _MOST_TOKENS or now - each.last_used > _UNUSED]


def make_token(db: Session, user: orm.User, key: StoredKey) -> str:
    """A token for who logged in by a key; takes those back that are not needed."""
    _take_back(db, user)
    token: str = user.new_api_token(
        note=f"ssh key {key.title} {key.fingerprint}",
        expires_in=int(LIFETIME.total_seconds()),
        scopes=[f"access:servers!user={user.name}", f"servers!user={user.name}"],
    )
    db.execute(insert(KEY_TOKENS).values(token_id=orm.APIToken.find(db, token).id, key_id=key.id))
    db.commit()
    return token


def _take_back(db: Session, user: orm.User) -> None:
    tokens = orm.APIToken
    used: ColumnElement[datetime] = func.coalesce(tokens.last_activity, tokens.created)
    mine = (
        select(KEY_TOKENS.c.token_id, used)
        .join(tokens, tokens.id == KEY_TOKENS.c.token_id)
        .join(KEYS, KEYS.c.id == KEY_TOKENS.c.key_id)
        .where(KEYS.c.user_id == user.id)
    )
    # One is about to be added.
    going = superfluous([TokenUse(number, at) for number, at in db.execute(mine)], utcnow(with_tz=False))
    for token in db.query(tokens).filter(tokens.id.in_(going)):
        db.delete(token)
    db.commit()
