"""Who goes home by which bus on a day: the office writes it down, and sheets and the door read it here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from booking.core import audit
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil
from booking.registers.bus_models import Bus, BusSeat


class CannotSeat(BookingError):
    """The child cannot be written down for this bus; why is said, and nothing was changed."""


@dataclass(frozen=True)
class Ride:
    """One child's way home by bus on a day; `leaves_at` is wall clock."""

    bus_id: int
    bus: str
    leaves_at: time
    stop: str
    set_at: datetime

    @property
    def words(self) -> str:
        """`Valley bus at 15:45, to Mill Lane`."""
        to = f", to {self.stop}" if self.stop else ""
        return f"{self.bus} at {self.leaves_at:%H:%M}{to}"


def rides_on(day: date, pupil_ids: Collection[int] | None = None) -> dict[int, Ride]:
    """The bus of each child that goes by one on a day, by pupil, in one query; of two seats the newer holds."""
    query = (
        select(BusSeat)
        .join(Bus)
        .options(joinedload(BusSeat.bus))
        .where(BusSeat.ended_at.is_(None), BusSeat.from_on <= day)
        .where(or_(BusSeat.until_on.is_(None), BusSeat.until_on >= day))
        .where(or_(Bus.ended_on.is_(None), Bus.ended_on >= day))
        .order_by(BusSeat.id)
    )
    if pupil_ids is not None:
        query = query.where(BusSeat.pupil_id.in_(pupil_ids))
    return {
        seat.pupil_id: Ride(seat.bus_id, seat.bus.name, seat.bus.leaves_at, seat.stop, seat.set_at)
        for seat in db.session.scalars(query)
        if day.weekday() in seat.weekdays
    }


def all_buses() -> Sequence[Bus]:
    """Buses that still run, in the order in which they leave."""
    return db.session.scalars(
        select(Bus).where(Bus.ended_on.is_(None)).order_by(Bus.leaves_at, Bus.name)
    ).all()


def seats_of(bus_id: int, today: date) -> list[BusSeat]:
    """Living seats of a bus from today on, by surname."""
    seats = db.session.scalars(
        select(BusSeat)
        .options(joinedload(BusSeat.pupil))
        .where(BusSeat.bus_id == bus_id, BusSeat.ended_at.is_(None))
        .where(or_(BusSeat.until_on.is_(None), BusSeat.until_on >= today))
    )
    return sorted(seats, key=lambda one: (one.pupil.surname.casefold(), one.pupil.first_name, one.id))


def add_bus(name: str, leaves_at: time, driver: str, phone: str, *, at: datetime, user_id: int) -> Bus:
    """Write a bus down; raises `CannotSeat` when there is one of that name."""
    if db.session.scalars(select(Bus.id).where(Bus.name == name)).first() is not None:
        raise CannotSeat(f"There is a bus called “{name}” already. Nothing was changed.")
    bus = Bus(name=name, leaves_at=leaves_at, driver=driver, phone=phone)
    db.session.add(bus)
    db.session.flush()
    audit.record("bus_added", "bus", bus.id, at=at, user_id=user_id)
    return bus


def end_bus(bus_id: int, *, on: date, at: datetime, user_id: int) -> Bus:
    """The bus runs for the last time on a day; who was on it is on none from the day after."""
    bus = db.session.get(Bus, bus_id)
    if bus is None or bus.ended_on is not None:
        raise NotFound
    bus.ended_on = on
    db.session.flush()
    audit.record("bus_ended", "bus", bus.id, at=at, user_id=user_id)
    return bus


def seat(
    bus_id: int,
    pupil_id: int,
    weekdays: Collection[int],
    stop: str,
    from_on: date,
    *,
    at: datetime,
    user_id: int,
) -> BusSeat:
    """A child goes by this bus on these weekdays from a day on; raises `CannotSeat` or `NotFound`."""
    lock_rows((Pupil, [pupil_id]))
    pupil, bus = db.session.get(Pupil, pupil_id), db.session.get(Bus, bus_id)
    if pupil is None or bus is None or bus.ended_on is not None:
        raise NotFound
    if not weekdays:
        raise CannotSeat("Tick at least one day. Nothing was changed.")
    living = db.session.scalars(
        select(BusSeat)
        .where(BusSeat.pupil_id == pupil_id, BusSeat.ended_at.is_(None))
        .where(or_(BusSeat.until_on.is_(None), BusSeat.until_on >= from_on))
    )
    if any(set(one.weekdays) & set(weekdays) for one in living):
        raise CannotSeat(
            f"{pupil.full_name} goes by a bus on one of these days already. End that seat first. "
            "Nothing was changed."
        )
    made = BusSeat(
        bus_id=bus_id,
        pupil_id=pupil_id,
        weekdays=sorted(set(weekdays)),
        stop=stop,
        from_on=from_on,
        set_at=at,
        set_by_id=user_id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("bus_seat_added", "pupil", pupil_id, at=at, user_id=user_id, bus=bus_id)
    return made


def end_seat(seat_id: int, *, at: datetime, user_id: int) -> BusSeat:
    """The child goes by this bus no more, from now on; raises `NotFound`."""
    found = db.session.get(BusSeat, seat_id)
    if found is None or found.ended_at is not None:
        raise NotFound
    found.ended_at = at
    db.session.flush()
    audit.record("bus_seat_ended", "pupil", found.pupil_id, at=at, user_id=user_id, bus=found.bus_id)
    return found
