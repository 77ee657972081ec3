"""One activity in one month, each of its days for each child: for families whose weeks are not alike."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, select

from booking.bookings.baskets import bookable_pupils
from booking.bookings.grid import Cell, cells_of
from booking.core import clock
from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.models import Activity, Period, Run, Session


@dataclass(frozen=True)
class MonthDay:
    """A day with sessions of the activity: a row of cells, one for each child and session."""

    date: date
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Month:
    """An activity's month for a family; `before` and `after` are the first days of its neighbours."""

    first: date
    activity: Activity | None
    activities: Sequence[Activity]
    pupils: Sequence[Pupil]
    days: list[MonthDay]

    @property
    def before(self) -> date:
        """The first day of the month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The first day of the month after."""
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def shown(self) -> list[str]:
        """Every box that the page shows."""
        return [cell.pick for day in self.days for cell in day.cells if cell.can_tick]


def read_month(text: str | None, today: date) -> date:
    """The first day of the month that an address names (`2026-12`), else of this month."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)


def month_of(account_id: int, activity_id: int | None, first: date, at: datetime) -> Month:
    """A family's month of one activity that is open for booking (the first by name when none is named)."""
    last = first.replace(day=monthrange(first.year, first.month)[1])
    activities = db.session.scalars(
        select(Activity)
        .where(
            Activity.id.in_(
                select(Run.activity_id)
                .join(Period, Period.id == Run.period_id)
                .where(Run.status == "open", Period.starts_on <= last, Period.ends_on >= first)
            )
        )
        .order_by(Activity.name)
    ).all()
    chosen = next((one for one in activities if one.id == activity_id), None) or next(iter(activities), None)
    pupils = bookable_pupils(account_id, clock.today(at))
    days: dict[date, list[Cell]] = {}
    if chosen is not None:
        where = and_(Run.activity_id == chosen.id, Run.status == "open", Session.date.between(first, last))
        for session, cell in cells_of(account_id, pupils, where, at):
            days.setdefault(session.date, []).append(cell)
    return Month(
        first,
        chosen,
        activities,
        pupils,
        [MonthDay(day, tuple(cells)) for day, cells in sorted(days.items())],
    )
