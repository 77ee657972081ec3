"""Hash chains that show tampering: rows are written freely, and the worker seals them in batches later.

So no chain head is a row that everybody waits for. A seal names the first and last id of its batch, how many rows it
holds, the digest of the seal before it and its own: SHA-256 over both. Whoever changes, adds or takes away a row
would have to make every later seal afresh. A chain may be dropped whole, by retention, and then leaves one line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime, db

Row = Sequence[object]
SETTLES = timedelta(minutes=5)
"""No request lasts so long, so every row up to the last one that is this old is committed and can be sealed."""


class ChainSeal(Base):
    """One batch of a chain: rows with ids from `first_id` to `last_id`, and the digest over them."""

    __tablename__ = "chain_seal"
    __table_args__ = (UniqueConstraint("chain", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    first_id: Mapped[int]
    last_id: Mapped[int]
    rows: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChainDropped(Base):
    """What is left of a chain that retention dropped whole: how many rows it had, and its last digest."""

    __tablename__ = "chain_dropped"

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(String(40), unique=True)
    rows: Mapped[int]
    last_digest: Mapped[str] = mapped_column(String(64))
    dropped_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dropped_by_id: Mapped[int | None]


def seals_of(chain: str) -> list[ChainSeal]:
    """The seals of a chain, first to last."""
    return list(
        db.session.scalars(select(ChainSeal).where(ChainSeal.chain == chain).order_by(ChainSeal.number))
    )


def seal_rows(chain: str, rows: Sequence[Row], *, at: datetime) -> ChainSeal | None:
    """Seal the rows that came after the last seal; the first value of each row is its id, in order."""
    if not rows:
        return None
    last = db.session.scalars(
        select(ChainSeal).where(ChainSeal.chain == chain).order_by(ChainSeal.number.desc()).limit(1)
    ).first()
    previous = last.digest if last else _beginning(chain)
    made = ChainSeal(
        chain=chain,
        number=last.number + 1 if last else 1,
        first_id=rows[0][0],
        last_id=rows[-1][0],
        rows=len(rows),
        previous=previous,
        digest=_digest(previous, rows),
        sealed_at=at,
    )
    db.session.add(made)
    db.session.flush()
    return made


def settled(rows: Sequence[Row], until: datetime) -> Sequence[Row]:
    """The rows before the first one that is younger; the second value of each row is its instant."""
    instants = (cast(datetime, row[1]) for row in rows)
    young = next((n for n, instant in enumerate(instants) if instant > until), len(rows))
    return rows[:young]


def chain_problems(chain: str, rows: Iterable[Row]) -> Iterator[str]:
    """Where the rows of a chain, in the order of their ids, no longer fit its seals; rows after the last are free."""
    waiting, previous = iter(rows), _beginning(chain)
    row = next(waiting, None)
    for number, seal in enumerate(seals_of(chain), start=1):
        batch = []
        while row is not None and _id(row) <= seal.last_id:
            batch.append(row)
            row = next(waiting, None)
        if seal.number != number or seal.previous != previous:
            yield f"chain {chain}: seal {seal.number} does not follow the one before it"
        elif len(batch) != seal.rows or _digest(previous, batch) != seal.digest:
            yield f"chain {chain}: rows {seal.first_id} to {seal.last_id} were changed after they were sealed"
        previous = seal.digest


def _beginning(chain: str) -> str:
    return hashlib.sha256(chain.encode()).hexdigest()


def _digest(previous: str, rows: Sequence[Row]) -> str:
    digest = hashlib.sha256(previous.encode())
    for row in rows:
        digest.update(json.dumps([_plain(value) for value in row], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _id(row: Row) -> int:
    found = row[0]
    if not isinstance(found, int):
        raise TypeError("the first value of a chained row is its id")
    return found
