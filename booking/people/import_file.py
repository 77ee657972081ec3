"""Importing pupils from a file, as the command line and the office do it: plan, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.people.ctf_reading import is_ctf, read_ctf
from booking.people.import_apply import apply_import
from booking.people.import_plan import ImportPlan, plan_import, read_roll
from booking.people.import_rows import PupilFile, read_pupils
from booking.people.models import Pupil
from booking.people.premium_reading import is_premium, read_premium, told_of


class PlanChanged(BookingError):
    """Between the preview and the yes something changed; nothing was imported, and the preview is fresh."""

    def __init__(self) -> None:
        super().__init__("Something changed since you looked. Nothing was imported. Please look again.")


def import_pupils(
    path: Path,
    *,
    kind: str | None = None,
    dry_run: bool = False,
    at: datetime,
    user_id: int | None,
    mapping: Mapping[str, str] | None = None,
) -> ImportPlan:
    """Import a file in a unit of work of its own; `dry_run` writes nothing.

    Without a kind (`csv` or `ctf`) the content says which it is. Raises `ImportRefused`, whose words are one
    problem a line.
    """
    content = path.read_bytes()
    if dry_run:
        return replace(preview(content, path.name, at=at, mapping=mapping, kind=kind), is_dry=True)
    return import_content(content, path.name, at=at, user_id=user_id, mapping=mapping, kind=kind)


def read_file(
    content: bytes,
    file: str,
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
) -> PupilFile:
    """The pupils of a CSV, a pupil premium list or a common transfer file; raises `ImportRefused`."""
    if kind == "ctf" or (kind is None and is_ctf(content)):
        return read_ctf(content, file, today=today)
    if is_premium(content):
        return told_of(read_premium(content, file), db.session.scalars(select(Pupil)))
    return read_pupils(content, file, today=today, mapping=mapping)


def preview(
    content: bytes,
    file: str,
    *,
    at: datetime,
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
) -> ImportPlan:
    """What importing these bytes would do now; raises `ImportRefused`."""
    return plan_import(read_file(content, file, today=clock.today(at), mapping=mapping, kind=kind), at)


def import_content(
    content: bytes,
    file: str,
    *,
    at: datetime,
    user_id: int | None,
    seen_digest: str | None = None,
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
) -> ImportPlan:
    """Import these bytes in a unit of work of its own; with `seen_digest` only if the plan is the one looked at.

    Raises `ImportRefused` and `PlanChanged`; then nothing has changed.
    """
    pupils = read_file(content, file, today=clock.today(at), mapping=mapping, kind=kind)
    with unit_of_work():
        roll = read_roll(clock.today(at))
        plan = plan_import(pupils, at, roll=roll)
        if seen_digest is not None and plan.digest != seen_digest:
            raise PlanChanged
        if plan.added or plan.changed:
            apply_import(plan, at, user_id, roll=roll)
    return plan
