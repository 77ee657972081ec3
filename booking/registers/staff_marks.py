"""Staff's own marks: who came and went today, as events; who is on site now follows from them.

A mark may be made a little late ("I came at 07:25"), never for another day and never for a time that is still to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as hour
from booking.provision.staff_models import StaffMark, StaffRecord


class OwnMarkRefused(BookingError):
    """The mark does not follow from what is marked already, or its time is not of today; nothing was changed."""


@dataclass(frozen=True)
class Presence:
    """One adult's day: each stay from when until when (none while they are still here), and the last mark."""

    stays: tuple[tuple[datetime, datetime | None], ...] = ()
    last_mark_id: int | None = None

    @property
    def is_here(self) -> bool:
        """Whether they are on site, as far as they have said."""
        return bool(self.stays) and self.stays[-1][1] is None

    @property
    def since(self) -> datetime | None:
        """When they came, while they are here."""
        return self.stays[-1][0] if self.is_here else None

    @property
    def left_at(self) -> datetime | None:
        """When they went, once they have gone."""
        return self.stays[-1][1] if self.stays else None

    def was_here(self, at: datetime) -> bool:
        """Whether they were on site at an instant."""
        return any(came <= at and (went is None or at < went) for came, went in self.stays)


NOT_HERE = Presence()


def presence_from(marks: Iterable[StaffMark]) -> Presence:
    """One adult's day from its marks, in whatever order they are given.

    Two "in" in a row count the earlier, two "out" the earlier, and an "out" without an "in" before it counts for nothing.
    """
    rows = sorted(marks, key=lambda one: (one.at, one.id))
    undone = {one.undoes_id for one in rows if one.undoes_id is not None}
    stays: list[tuple[datetime, datetime | None]] = []
    last = None
    for row in rows:
        if row.what == "undone" or row.id in undone:
            continue
        is_open = bool(stays) and stays[-1][1] is None
        if row.what == "in" and not is_open:
            stays.append((row.at, None))
        elif row.what == "out" and is_open:
            stays[-1] = (stays[-1][0], row.at)
        last = row.id
    return Presence(tuple(stays), last)


def presences(day: date, staff_ids: Iterable[int] | None = None) -> dict[int, Presence]:
    """Everybody who made a mark on a day, by staff record."""
    query = select(StaffMark).where(StaffMark.day == day)
    if staff_ids is not None:
        query = query.where(StaffMark.staff_id.in_(list(staff_ids)))
    marks: dict[int, list[StaffMark]] = defaultdict(list)
    for row in db.session.scalars(query):
        marks[row.staff_id].append(row)
    return {staff_id: presence_from(rows) for staff_id, rows in marks.items()}


def on_site(at: datetime) -> list[tuple[StaffRecord, datetime]]:
    """Every adult who is here at an instant, by name, with when they came (for the roll call)."""
    found = {one_id: one for one_id, one in presences(clock.today(at)).items() if one.was_here(at)}
    people = db.session.scalars(
        select(StaffRecord).where(StaffRecord.id.in_(found)).order_by(StaffRecord.name, StaffRecord.id)
    )
    return [(one, max(came for came, _ in found[one.id].stays if came <= at)) for one in people]


def mark_staff(
    staff_id: int, what: str, *, happened_at: datetime | None = None, at: datetime, user_id: int | None
) -> StaffMark:
    """Note that somebody came or went; raises `OwnMarkRefused` or `NotFound`."""
    staff = _locked(staff_id)
    happened = happened_at or at
    if happened > at or clock.today(happened) != clock.today(at):
        raise OwnMarkRefused("That time is not of today, or is still to come. Nothing was changed.")
    before = presences(clock.today(at), [staff_id]).get(staff_id, NOT_HERE)
    if before.is_here == (what == "in"):
        words = f"here since {hour(before.since)}" if before.since else "not here"
        raise OwnMarkRefused(f"{staff.name} is marked as {words} already. Nothing was changed.")
    latest = max((moment for stay in before.stays for moment in stay if moment), default=None)
    if latest is not None and happened < latest:
        raise OwnMarkRefused(f"The last mark is of {hour(latest)}. Undo it first. Nothing was changed.")
    mark = StaffMark(
        staff_id=staff_id,
        what=what,
        day=clock.today(at),
        at=happened,
        recorded_at=at,
        user_id=user_id,
    )
    db.session.add(mark)
    db.session.flush()
    return mark


def undo_staff_mark(mark_id: int, *, at: datetime, user_id: int | None) -> StaffMark:
    """Take back somebody's last mark of today by another mark; raises `OwnMarkRefused` or `NotFound`."""
    mark = db.session.get(StaffMark, mark_id)
    if mark is None or mark.what == "undone" or mark.day != clock.today(at):
        raise NotFound
    _locked(mark.staff_id)
    if presences(mark.day, [mark.staff_id])[mark.staff_id].last_mark_id != mark.id:
        raise OwnMarkRefused("Something was marked after this. Undo the last mark first.")
    back = StaffMark(
        staff_id=mark.staff_id,
        what="undone",
        day=mark.day,
        at=at,
        recorded_at=at,
        user_id=user_id,
        undoes_id=mark.id,
    )
    db.session.add(back)
    db.session.flush()
    return back


def _locked(staff_id: int) -> StaffRecord:
    """The record, locked: one person's marks come one after another, whoever presses."""
    found = db.session.scalars(
        select(StaffRecord).where(StaffRecord.id == staff_id).with_for_update(key_share=True)
    ).first()
    if found is None:
        raise NotFound
    return found
