"""Who saw what: each view, print and export of private facts about a child, append-only and chained by month.

Rows hold ids, never names or the facts themselves. The database refuses to change or delete one (triggers), but for
a month that retention has dropped whole. A family may ask who looked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import CheckConstraint, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.chain import SETTLES, ChainDropped, ChainSeal, Row, chain_problems, seal_rows, settled
from booking.core.db import Base, UtcDateTime, db

CARE, COLLECTION, GROUPS, CONTACTS = "care", "collection", "groups", "contacts"
"""The classes of field: care and medical; who may collect; ethnicity, SEN and other group facts; addresses."""
MOST_AT_ONCE = 5_000


class AccessEntry(Base):
    """One person saw one class of field of one child; `user_id` is empty for the command line."""

    __tablename__ = "access_entry"
    __table_args__ = (CheckConstraint("act IN ('view', 'print', 'export', 'change')", name="act_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    month: Mapped[str] = mapped_column(String(7), index=True)
    user_id: Mapped[int | None] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(6))
    pupil_id: Mapped[int] = mapped_column(index=True)
    fields: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(60))


def note_access(
    pupil_ids: Collection[int],
    fields: Collection[str],
    *,
    act: str,
    reason: str,
    at: datetime,
    user_id: int | None,
) -> None:
    """Write that these fields of these children were seen, in the caller's unit of work; no child, no row."""
    if not pupil_ids or not fields:
        return
    common = {
        "at": at,
        "month": f"{clock.to_school(at):%Y-%m}",
        "user_id": user_id,
        "act": act,
        "fields": ",".join(sorted(set(fields))),
        "reason": reason,
    }
    db.session.execute(insert(AccessEntry), [{**common, "pupil_id": id_} for id_ in sorted(set(pupil_ids))])


def chain_of(month: str) -> str:
    """The name of a month's chain."""
    return f"access {month}"


def seal_access(at: datetime) -> int:
    """Seal what has settled since the last time, in the caller's unit of work; gives how many rows."""
    count = 0
    for month in db.session.scalars(select(AccessEntry.month).distinct().order_by(AccessEntry.month)).all():
        last_id = db.session.scalar(
            select(func.max(ChainSeal.last_id)).where(ChainSeal.chain == chain_of(month))
        )
        rows = settled(_rows(month, after=last_id or 0), at - SETTLES)
        if seal_rows(chain_of(month), rows[:MOST_AT_ONCE], at=at):
            count += len(rows[:MOST_AT_ONCE])
    return count


def _rows(month: str, *, after: int = 0) -> list[Row]:
    """A month's entries as the chain holds them."""
    found = db.session.execute(
        select(*AccessEntry.__table__.columns)
        .where(AccessEntry.month == month, AccessEntry.id > after)
        .order_by(AccessEntry.id)
    )
    return [tuple(row) for row in found]


def access_problems() -> Iterator[str]:
    """Entries that were changed, added or taken away after they were sealed, for `booking check`."""
    months = set(db.session.scalars(select(AccessEntry.month).distinct()))
    prefix = chain_of("")
    sealed = db.session.scalars(select(ChainSeal.chain).where(ChainSeal.chain.startswith(prefix)).distinct())
    months |= {chain.removeprefix(prefix) for chain in sealed}
    for month in sorted(months):
        yield from chain_problems(chain_of(month), _rows(month))


def drop_month(month: str, *, at: datetime, user_id: int | None) -> int:
    """Drop a whole month of the log, in the caller's unit of work, and leave one line; gives how many rows went."""
    chain = chain_of(month)
    rows = db.session.scalar(select(func.count()).where(AccessEntry.month == month)) or 0
    last = db.session.scalars(
        select(ChainSeal.digest).where(ChainSeal.chain == chain).order_by(ChainSeal.number.desc()).limit(1)
    ).first()
    db.session.add(
        ChainDropped(chain=chain, rows=rows, last_digest=last or "", dropped_at=at, dropped_by_id=user_id)
    )
    db.session.flush()
    db.session.execute(delete(AccessEntry).where(AccessEntry.month == month))
    db.session.execute(delete(ChainSeal).where(ChainSeal.chain == chain))
    return rows
