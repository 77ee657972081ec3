"""The working view of a period: unprotected, booked and attended apart, never exported and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from booking.equity.snapshot import pupils_on_roll, sessions_attended, sessions_booked
from booking.equity.uptake import WorkingRow, working_view


@dataclass(frozen=True)
class WorkingFigures:
    """One period as the head sees it: groups by booked or attended, and the sums of both."""

    rows: list[WorkingRow]
    on_roll: int
    pupils_booked: int
    pupils_attended: int
    sessions_booked: int
    sessions_attended: int


def working_figures(starts_on: date, ends_on: date, *, today: date) -> WorkingFigures:
    """Who has booked or come so far; the roll is that of the period's end, or of today while it is on."""
    roll = pupils_on_roll(min(ends_on, today))
    booked, attended = sessions_booked(starts_on, ends_on), sessions_attended(starts_on, ends_on)
    either = {
        pupil: max(booked.get(pupil, 0), attended.get(pupil, 0)) for pupil in booked.keys() | attended.keys()
    }
    return WorkingFigures(
        rows=working_view(roll, either),
        on_roll=len(roll),
        pupils_booked=len(booked),
        pupils_attended=len(attended),
        sessions_booked=sum(booked.values()),
        sessions_attended=sum(attended.values()),
    )
