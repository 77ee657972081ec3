"""How each child of a school goes home on one day, and what of it changed late: what the going-home sheet says.

Made afresh from bookings, what was told of today, buses, consents and restrictions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import is_about, notes_on
from booking.core import clock
from booking.people.going_alone import is_for, latest_hour, why_not_alone, yeses
from booking.people.models import Consent, Pupil
from booking.people.restrictions import restrictions_of
from booking.registers.buses import Ride, rides_on
from booking.registers.collectors import collectors_of
from booking.registers.late_changes import changes_since
from booking.registers.plan import Leg, plans_of


@dataclass
class WayHome:
    """One child tonight: its sessions in order, then by bus, alone or with somebody.

    `alone` says on which terms it may leave alone when its last session (or class) ends, or is empty; `changes` is what
    is different since 13:00, in words. `is_barred`: somebody must not collect, so the child is checked before release.
    """

    pupil: Pupil
    legs: list[Leg] = field(default_factory=list)
    ride: Ride | None = None
    notes: list[DayNote] = field(default_factory=list)
    collectors: tuple[str, ...] = ()
    alone: str = ""
    is_barred: bool = False
    changes: list[str] = field(default_factory=list)

    @property
    def is_away(self) -> bool:
        """Whether the child is not in school today."""
        return any(note.kind == "away" for note in self.notes)

    @property
    def bus(self) -> Ride | None:
        """The bus home, unless the child's last session ends after it has left."""
        if self.ride is None or any(leg.ends_at > self.ride.leaves_at for leg in self.legs):
            return None
        return self.ride


def ways_home(pupils: Collection[Pupil], day: date, *, since: datetime | None) -> dict[int, WayHome]:
    """The way home of each of these children on a day, by pupil, in a constant number of queries.

    `since` is the instant from which a change counts as late; None when the day is not the one that is under way.
    """
    ids = [pupil.id for pupil in pupils]
    barred = restrictions_of(ids, day)
    plans, notes, rides = plans_of(day, ids), notes_on(ids, day), rides_on(day, ids)
    people, consents = collectors_of(ids, barred), yeses(ids, barred)
    changes = changes_since(ids, day, since) if since is not None else {}
    found = {}
    for pupil in pupils:
        told = notes.get(pupil.id, [])
        legs = [leg for leg in plans.get(pupil.id, ()) if _comes(leg, told)]
        found[pupil.id] = WayHome(
            pupil,
            legs,
            rides.get(pupil.id),
            told,
            tuple(one.words for one in people.get(pupil.id, ())),
            _alone(consents.get(pupil.id), pupil, day, legs),
            bool(barred.get(pupil.id)),
            changes.get(pupil.id, []),
        )
    return found


def _comes(leg: Leg, notes: Collection[DayNote]) -> bool:
    return not any(
        note.kind in {"away", "not_coming", "leaves_early"} and is_about(note, leg.session_id, leg.starts_at)
        for note in notes
    )


def _alone(consent: Consent | None, pupil: Pupil, day: date, legs: Collection[Leg]) -> str:
    """The terms of going home alone that hold when the child's last session ends; nothing when it may not."""
    if consent is None or not is_for(consent, day):
        return ""
    if legs:
        end = clock.instant(day, max(leg.ends_at for leg in legs))
        if why_not_alone(consent, pupil.first_name, end):
            return ""
    latest = latest_hour(consent)
    return f"until {latest:%H:%M}" if latest else "yes"
