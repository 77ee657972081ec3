"""What must hold of staff records, rotas and papers, whatever was pressed; for `booking check`."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import pairwise

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.provision.models import Seller
from booking.provision.staff_models import RotaLine, SellerDocument, StaffMark, StaffRecord


def staff_problems() -> list[str]:
    """Each thing that is wrong, as a sentence that names its rows by number."""
    return [*_double_lines(), *_long_passes(), *_wrong_days(), *_foreign_undos(), *_papers_of_the_school()]


def _double_lines() -> list[str]:
    """Nobody stands twice on one run's rota on one day."""
    lines: dict[tuple[int, int], list[RotaLine]] = defaultdict(list)
    for line in db.session.scalars(select(RotaLine).order_by(RotaLine.from_on)):
        lines[line.run_id, line.staff_id].append(line)
    return [
        f"rota of run {run_id}: staff record {staff_id} stands on it twice from {after.from_on}"
        for (run_id, staff_id), found in lines.items()
        for before, after in pairwise(found)
        if (before.to_on or date.max) >= after.from_on
    ]


def _long_passes() -> list[str]:
    """Agency staff are here for one day."""
    rows = db.session.scalars(
        select(StaffRecord.id).where(
            StaffRecord.is_agency, StaffRecord.ends_on.is_distinct_from(StaffRecord.starts_on)
        )
    )
    return [f"staff record {row}: agency staff for more than one day" for row in rows]


def _wrong_days() -> list[str]:
    """The day of a staff mark is the school's day of its instant, and no mark is of a time after it was made."""
    return [
        f"staff mark {row.id}: its day or its instant cannot be"
        for row in db.session.scalars(select(StaffMark))
        if clock.today(row.at) != row.day or row.at > row.recorded_at
    ]


def _foreign_undos() -> list[str]:
    """A mark is taken back by a mark of the same person on the same day."""
    marks = {row.id: row for row in db.session.scalars(select(StaffMark))}
    return [
        f"staff mark {row.id}: takes back a mark of somebody else or of another day"
        for row in marks.values()
        if row.undoes_id is not None
        and (marks[row.undoes_id].staff_id, marks[row.undoes_id].day) != (row.staff_id, row.day)
    ]


def _papers_of_the_school() -> list[str]:
    """Papers are of outside firms."""
    rows = db.session.scalars(
        select(SellerDocument.id).join(Seller, Seller.id == SellerDocument.seller_id).where(Seller.is_school)
    )
    return [f"paper {row}: is of the school itself" for row in rows]
