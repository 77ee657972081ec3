"""How each child of a school goes home on one day, and what of it changed late: what the going-home sheet says.

Made afresh from bookings, what was told of today, buses and consents. A change counts from 13:00 of that day on, when
teachers have looked for the last time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from booking.bookings.change_models import SchoolChange
from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import is_about, note_words, notes_on
from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db
from booking.core.words import clock as hour
from booking.people.models import Consent, Pupil
from booking.people.restrictions import Restriction
from booking.provision.models import Run, Session
from booking.registers.buses import Ride, rides_on
from booking.registers.plan import Leg, plans_of

LATE_FROM = time(13, 0)


@dataclass
class WayHome:
    """One child tonight: its sessions in order, its bus, what was told of today, and what changed since 13:00."""

    pupil: Pupil
    legs: list[Leg] = field(default_factory=list)
    ride: Ride | None = None
    notes: list[DayNote] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
