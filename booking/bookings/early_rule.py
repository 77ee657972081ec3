"""What an opened link lets a child do, for the rules: from when it books, and how many places may go early."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from booking.bookings.early_models import EarlyAccess, EarlyRun, EarlyWindow
from booking.core.db import read_rows, table_of
from booking.core.words import moment

EarlyKey = tuple[int, int, int]
"""A family account, a pupil and a run, by id: what one parent has opened opens nothing for the other's account."""
access, window, link = (table_of(model).c for model in (EarlyAccess, EarlyWindow, EarlyRun))
RUNS: BindParameter[Any] = bindparam("runs", expanding=True)
PUPILS: BindParameter[Any] = bindparam("pupils", expanding=True)
OPENED = (
    select(access.account_id, access.pupil_id, link.run_id, window.opens_at, window.share)
    .select_from(
        table_of(EarlyAccess)
        .join(table_of(EarlyWindow), window.id == access.window_id)
        .join(table_of(EarlyRun), link.window_id == window.id)
    )
    .where(access.pupil_id.in_(PUPILS), link.run_id.in_(RUNS))
    .where(access.opened_at.is_not(None), access.withdrawn_at.is_(None), window.ended_at.is_(None))
    .order_by(window.id)
)


@dataclass(frozen=True)
class Early:
    """An opened link: from when its child books, and the share of a session's places that may go early, in per cent."""

    opens_at: datetime
    share: int

    def is_used_up(self, taken: int, places: int) -> bool:
        """Whether early bookings have their share, rounded down, while something is left for the day itself.

        Before a run opens nobody else can have taken a place, so all that is taken counts as early.
        """
        return taken < places and taken >= places * self.share // 100


def opens_for(early: Early | None, opens_at: datetime, at: datetime, taken: int, places: int) -> datetime:
    """When booking opens next for whoever has this link (or none), of a run that opens for everybody at `opens_at`."""
    if early is None or (at >= early.opens_at and early.is_used_up(taken, places)):
        return opens_at
    return min(early.opens_at, opens_at)


def not_open_words(early: Early | None, opens_at: datetime, at: datetime) -> str:
    """Why it cannot be booked yet; a family without an opened link reads nothing of early windows."""
    if early is not None and at >= early.opens_at:
        return f"has no early places left. The others are booked by everybody from {moment(opens_at)}"
    return f"opens for booking on {moment(opens_at)}"


def read_early(run_ids: Collection[int], pupil_ids: Collection[int]) -> dict[EarlyKey, Early]:
    """The opened links of these children to runs that are not open yet, in one query."""
    rows = read_rows(OPENED, runs=list(run_ids), pupils=list(pupil_ids))
    return {(row.account_id, row.pupil_id, row.run_id): Early(row.opens_at, row.share) for row in rows}
