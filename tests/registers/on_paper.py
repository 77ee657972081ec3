"""Reads one kind of sheet of the school on paper, as lines."""

from __future__ import annotations

from datetime import time
from typing import Any

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.registers.paper_facts import planned_on
from booking.registers.printing import Choice, make_paper
from tests.registers.paper_school import DAY, PaperSchool
from tests.registers.test_lists import pages_of

TEACHER_LOOKS = time(14, 45)


def sheets(kind: str, wall: time = TEACHER_LOOKS, **narrowed: Any) -> list[str]:
    """The pages of one kind of sheet, printed at an hour of the day, as lines."""
    at = clock.instant(DAY, wall)
    return pages_of(make_paper(Choice(DAY, DAY, **narrowed), [kind], planned_on, at=at).content)


def named(school: PaperSchool, *surnames: str) -> None:
    """Give the children surnames that can be found on paper."""
    with unit_of_work():
        for pupil, surname in zip(school.pupils, surnames, strict=True):
            db.session.merge(pupil).surname = surname


def row_of(page: str, name: str) -> str:
    """The words of one child's row: from its name on to the next number and name."""
    return page[page.index(name) :].split("Child 1", 2)[1]
