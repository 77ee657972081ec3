"""How a child may leave a session now: with whom, alone, by bus or to the next activity; and what stops it.

A release is refused only before it happened. What has happened at the door is a mark, whatever stood against it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from booking.bookings.barred_names import is_barred
from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import is_about, note_words, notes_on, why_not_expected
from booking.bookings.models import FreeForecast, Place
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.care_models import CollectionPassword
from booking.people.going_alone import latest_hour, why_not_alone, yeses
from booking.people.models import Pupil
from booking.people.restrictions import Restriction, restrictions_of
from booking.provision.models import Activity, Room, Run, Session
from booking.registers.buses import rides_on
from booking.registers.collectors import Collector, collectors_of

TITLES = re.compile(r"\b(mr|mrs|ms|miss|mx|dr)\b\.?", re.IGNORECASE)
SAFE_WORDS = "Keep the child inside, say “I need to ring the office”, and ring the safeguarding lead."


class ReleaseRefused(BookingError):
    """The child may not leave in this way now; why, and what to do, is said. Nothing was marked."""


@dataclass(frozen=True)
class NextActivity:
    """The next session of the day in which a child is expected; hours are wall-clock."""

    session_id: int
    name: str
    room: str
    starts_at: time


@dataclass(frozen=True)
class WaysOut:
    """How one child may leave one session at one instant.

    `why_not_alone` is empty when the child may go alone, and a sentence when not. `bus` and `next_activity` are empty
    when there is none today. `restricted` are the names of adults who must not collect. `told` is what the family or the
    office said of today, in words.
    """

    pupil_id: int
    collectors: tuple[Collector, ...] = ()
    why_not_alone: str = ""
    alone_until: time | None = None
    bus: str = ""
    next_activity: NextActivity | None = None
    restricted: tuple[str, ...] = ()
    has_password: bool = False
    told: tuple[str, ...] = ()

    @property
    def may_go_alone(self) -> bool:
        """Whether the child may leave alone at this instant."""
        return not self.why_not_alone

    @property
    def may_collect(self) -> tuple[str, ...]:
        """The collectors in words, those of today first."""
        return tuple(one.words for one in sorted(self.collectors, key=lambda one: not one.is_today))

    @property
    def needs_check(self) -> bool:
        """Whether staff must look at the leader's sheet before the child leaves with anybody."""
        return bool(self.restricted or any(one.is_today for one in self.collectors))


def ways_out(pupil_id: int, session: Session, at: datetime) -> WaysOut:
    """How one child may leave this session at an instant."""
    return ways_out_of({session: [pupil_id]}, at)[session.id, pupil_id]


def ways_out_of(children: Mapping[Session, Collection[int]], at: datetime) -> dict[tuple[int, int], WaysOut]:
    """The same for all children of some sessions of one day, by (session, pupil), in a constant number of queries."""
    ids = {pupil_id for found in children.values() for pupil_id in found}
    if not ids:
        return {}
    on = min(session.date for session in children)
    barred, names = restrictions_of(ids, on), _first_names(ids)
    people, consents, guarded = collectors_of(ids, barred), yeses(ids, barred), _with_password(ids, barred)
    coming, notes, rides = _coming(ids, on), notes_on(ids, on), rides_on(on, ids)
    found = {}
    for session, pupil_ids in children.items():
        for pupil_id in pupil_ids:
            consent, closed = consents.get(pupil_id), barred.get(pupil_id, [])
            said = notes.get(pupil_id, [])
            here = [note for note in said if is_about(note, session.id, session.starts_at)]
            today = [note for note in here if note.kind == "collected_by"]
            found[session.id, pupil_id] = WaysOut(
                pupil_id,
                (*_of_today(today), *people.get(pupil_id, ())),
                _fetched_today(today) or why_not_alone(consent, names[pupil_id], at),
                latest_hour(consent) if consent else None,
                rides[pupil_id].words if pupil_id in rides else "",
                next_activity=_next(coming.get(pupil_id, ()), session, said),
                restricted=tuple(one.adult_name for one in closed),
                has_password=pupil_id in guarded,
                told=tuple(note_words(note) for note in here),
            )
    return found


def _of_today(notes: Collection[DayNote]) -> list[Collector]:
    return [Collector(note.words, "named for today", is_today=True) for note in notes]


def _fetched_today(notes: Collection[DayNote]) -> str:
    """A child whom somebody is to collect today does not set off alone, whatever was agreed for other days."""
    names = " or ".join(note.words for note in notes)
    return f"Today {names} collects." if names else ""


def check_release(
    pupil_id: int, session: Session, what: str, detail: str, *, at: datetime, was_called: bool = False
) -> str:
    """Whether a child may leave in this way now; gives the words to keep with the mark.

    `detail` is who collects, or where the child goes. Somebody who is not on the list takes the child only after a call
    (`was_called`, which the caller logs), and nobody whom a restriction bars ever does. Raises `ReleaseRefused`.
    """
    ways, words = ways_out(pupil_id, session, at), " ".join(detail.split())
    if what == "collected":
        barred = restrictions_of([pupil_id], session.date).get(pupil_id, ())
        return _collected(ways, barred, words, was_called)
    if what == "left_alone" and not ways.may_go_alone:
        raise ReleaseRefused(f"{ways.why_not_alone} Nobody was marked out.")
    if what == "to_bus" and not ways.bus:
        raise ReleaseRefused(
            "No bus is written down for this child today. Ring the office. Nobody was marked out."
        )
    if what == "to_bus":
        return words or ways.bus
    if what == "to_activity" and not words:
        if ways.next_activity is None:
            raise ReleaseRefused(
                "Nothing else is booked for this child today. Say where they go. Nobody was marked out."
            )
        return ways.next_activity.name
    return words


def _collected(ways: WaysOut, barred: Collection[Restriction], words: str, was_called: bool) -> str:
    if not words:
        raise ReleaseRefused("Say who collects the child. Nobody was marked out.")
    for who in ways.collectors:
        if words.casefold() in {who.words.casefold(), who.name.casefold()}:
            return who.words
    for one in barred:
        if is_barred(TITLES.sub(" ", words), one):
            raise ReleaseRefused(
                f"This may be {one.adult_name}, who must not collect. {SAFE_WORDS} Nobody was marked out."
            )
    if len(TITLES.sub(" ", words).split()) < 2:
        raise ReleaseRefused(
            f"Write the first name and the surname of whoever collects; “{words}” is not enough."
        )
    if not was_called:
        raise ReleaseRefused(
            f"{words} is not on the list of who may collect. Ring somebody who is, and say whom you rang. "
            "Nobody was marked out."
        )
    return words


def _first_names(pupil_ids: Collection[int]) -> dict[int, str]:
    pupils = db.session.scalars(select(Pupil).where(Pupil.id.in_(pupil_ids)))
    return {pupil.id: pupil.first_name for pupil in pupils}


def _with_password(pupil_ids: Collection[int], barred: Mapping[int, list[Restriction]]) -> set[int]:
    rows = db.session.execute(
        select(CollectionPassword.pupil_id, CollectionPassword.given_by_id).where(
            CollectionPassword.pupil_id.in_(pupil_ids)
        )
    )
    return {
        row.pupil_id
        for row in rows
        if all(one.adult_id != row.given_by_id for one in barred.get(row.pupil_id, ()))
    }


def _coming(pupil_ids: Collection[int], day: date) -> dict[int, list[NextActivity]]:
    """Where each child is expected on a day, by its start."""
    there = (
        select(Place.pupil_id, Place.session_id)
        .where(Place.pupil_id.in_(pupil_ids), Place.state.in_(("held", "booked")))
        .union(
            select(FreeForecast.pupil_id, FreeForecast.session_id).where(FreeForecast.pupil_id.in_(pupil_ids))
        )
        .subquery()
    )
    rows = db.session.execute(
        select(there.c.pupil_id, Session.id, Activity.name, Room.name.label("room"), Session.starts_at)
        .join(Session, Session.id == there.c.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Room, Room.id == Run.room_id)
        .where(Session.date == day, Session.status == "planned")
        .order_by(Session.starts_at, Session.id)
    )
    found: dict[int, list[NextActivity]] = defaultdict(list)
    for row in rows:
        found[row.pupil_id].append(NextActivity(row.id, row.name, row.room, row.starts_at))
    return found


def _next(
    coming: Collection[NextActivity], session: Session, notes: Collection[DayNote]
) -> NextActivity | None:
    later = (one for one in coming if one.session_id != session.id and one.starts_at > session.starts_at)
    return next((one for one in later if not why_not_expected(notes, one.session_id, one.starts_at)), None)
