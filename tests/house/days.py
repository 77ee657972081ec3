"""What the school and the parent say of the matrix's child on the day of its session."""

from __future__ import annotations

from datetime import date

from booking.bookings.day_note_models import DayNote
from booking.people.models import Pupil, User
from tests.builders import AT, save
from tests.house.fields import word


def say_of_the_day(child: Pupil, parent: User, day: date) -> None:
    """The school knows why the child is away, and the parent has said who collects."""
    about = {"pupil_id": child.id, "day": day, "told_at": AT}
    save(
        DayNote(kind="away", source="office", words=word("why a child is away"), **about),
        DayNote(
            kind="collected_by",
            source="parent",
            told_by_id=parent.id,
            words=word("who collects today"),
            **about,
        ),
    )
