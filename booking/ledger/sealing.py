"""The ledger's hash chain: what was posted is sealed in batches by the worker, so that a change behind our back shows.

A chained row is a line with everything of its entry, in the order of the lines' ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, func, select

from booking.core.chain import SETTLES, ChainSeal, Row, chain_problems, seal_rows, settled
from booking.core.db import db
from booking.ledger.models import Entry, EntryLine

CHAIN = "ledger"
MOST_AT_ONCE = 5_000


def seal_ledger(at: datetime) -> int:
    """Seal what has settled since the last time, in the caller's unit of work; gives how many lines."""
    last_id = db.session.scalar(select(func.max(ChainSeal.last_id)).where(ChainSeal.chain == CHAIN)) or 0
    found = db.session.execute(_lines().where(EntryLine.id > last_id).limit(MOST_AT_ONCE))
    rows = settled([tuple(row) for row in found], at - SETTLES)
    seal_rows(CHAIN, rows, at=at)
    return len(rows)


def seal_problems() -> Iterator[str]:
    """Lines that were changed, added or taken away after they were sealed, for `booking check`."""
    yield from chain_problems(CHAIN, (tuple(row) for row in db.session.execute(_lines())))


def _lines() -> Select[Row]:
    entry = [column for column in Entry.__table__.columns if column.name != "at"]
    line = [column for column in EntryLine.__table__.columns if column.name != "id"]
    return (
        select(EntryLine.id, Entry.at, *line, *entry)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .order_by(EntryLine.id)
    )
