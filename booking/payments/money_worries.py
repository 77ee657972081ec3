"""What about money a person must look at: kept as rows that are found, seen and gone, and never deleted.

Nothing is put right here: money is only moved by the functions that move it every day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from booking.core.audit import record
from booking.core.db import db, insert_new
from booking.core.errors import NotFound
from booking.payments.card_models import MoneyWorry

PAST_SHOWN = 50


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree: what it is about, which sort of difference, what differs, and whose money it is."""

    subject: str
    name: str
    what: str
    account_id: int | None = None

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}"


def tell_office(key: str, kind: str, found: Difference, *, at: datetime) -> None:
    """Note a worry in the caller's unit of work; one that was gone or seen to is there again, one that is there stays."""
    values = {
        "kind": kind,
        "name": found.name,
        "subject": found.subject[:120],
        "what": found.what[:200],
        "account_id": found.account_id,
    }
    db.session.execute(insert_new(MoneyWorry).values(key=key, found_at=at, **values))
    row = db.session.scalars(
        select(MoneyWorry)
        .where(MoneyWorry.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.gone_at is not None:
        row.found_at, row.gone_at, row.seen_at, row.seen_by_id = at, None, None, None
    row.what = found.what[:200]


def keep_found(kind: str, found: Collection[Difference], *, at: datetime) -> int:
    """Keep what one look found of a kind, in the caller's unit of work; what it found no more is gone; the number."""
    keys = {f"{kind}:{one.subject}:{one.name}"[:160]: one for one in found}
    for key, one in keys.items():
        tell_office(key, kind, one, at=at)
    there = select(MoneyWorry).where(MoneyWorry.kind == kind, MoneyWorry.gone_at.is_(None))
    for row in db.session.scalars(there):
        if row.key not in keys:
            row.gone_at = at
    db.session.flush()
    return len(keys)


def mark_seen(worry_id: int, *, at: datetime, user_id: int) -> MoneyWorry:
    """Say that somebody has seen to a worry; raises `NotFound` when there is none, or somebody has already."""
    row = db.session.scalars(
        select(MoneyWorry).where(MoneyWorry.id == worry_id).with_for_update()
    ).one_or_none()
    if row is None or row.seen_at is not None or row.gone_at is not None:
        raise NotFound
    row.seen_at, row.seen_by_id = at, user_id
    record("money_worry_seen", "money_worry", row.id, at=at, user_id=user_id)
    return row


def open_worries() -> list[MoneyWorry]:
    """What nobody has seen to yet, newest first."""
    query = select(MoneyWorry).where(MoneyWorry.gone_at.is_(None), MoneyWorry.seen_at.is_(None))
    return list(db.session.scalars(query.order_by(MoneyWorry.found_at.desc(), MoneyWorry.id.desc())))


def past_worries() -> list[MoneyWorry]:
    """What is gone or was seen to, newest first."""
    query = (
        select(MoneyWorry)
        .where(or_(MoneyWorry.gone_at.is_not(None), MoneyWorry.seen_at.is_not(None)))
        .options(joinedload(MoneyWorry.seen_by))
    )
    return list(db.session.scalars(query.order_by(MoneyWorry.id.desc()).limit(PAST_SHOWN)))


def count_open() -> int:
    """How many nobody has seen to yet."""
    query = (
        select(func.count())
        .select_from(MoneyWorry)
        .where(MoneyWorry.gone_at.is_(None), MoneyWorry.seen_at.is_(None))
    )
    return db.session.scalar(query) or 0
