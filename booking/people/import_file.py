"""Importing pupils from a file, as the command line and the office do it: plan, then all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.people.ctf_reading import is_ctf, read_ctf
from booking.people.import_apply import apply_import
from booking.people.import_journal import forget_old_changes
from booking.people.import_plan import ImportPlan, plan_import
from booking.people.import_report import Unanswered
from booking.people.import_roll import read_roll, take_turn
from booking.people.import_rows import PupilFile, read_pupils
from booking.people.import_runs import ImportRun
from booking.people.models import Pupil
from booking.people.premium_reading import is_premium, read_premium, told_of

Phase = Callable[[str, int], None]
"""Told what begins now, and how many pupils the file has (0 while that is not known)."""


class PlanChanged(BookingError):
    """Between the preview and the yes something changed; nothing was imported, and the preview is fresh."""

    def __init__(self) -> None:
        super().__init__("Something changed since you looked. Nothing was imported. Please look again.")


@dataclass(frozen=True)
class Choices:
    """What a person says beside the file.

    `kind` is csv or ctf, and the content says it where it is left out; `is_expected` marks an admissions list;
    `mapping` names the heading of a field; `answers` says of a line which pupil is meant (`NEW` for none).
    """

    kind: str | None = None
    is_expected: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a job's payload or beside a kept file."""
        return {**asdict(self), "answers": {str(key): answer for key, answer in self.answers.items()}}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Choices:
        """The choices that `as_json` wrote."""
        answers = {int(key): answer for key, answer in told.get("answers", {}).items()}
        return cls(**{**told, "answers": answers})


def import_pupils(
    path: Path,
    *,
    choices: Choices | None = None,
    dry_run: bool = False,
    at: datetime,
    user_id: int | None,
    phase: Phase = lambda *_: None,
) -> ImportPlan:
    """Import a file in a unit of work of its own; `dry_run` writes nothing.

    Raises `ImportRefused`, whose words are one problem, or one question without an answer, a line.
    """
    content, choices = path.read_bytes(), choices or Choices()
    if dry_run:
        return replace(preview(content, path.name, at=at, choices=choices), is_dry=True)
    return import_content(content, path.name, at=at, user_id=user_id, choices=choices, phase=phase)


def kind_of(content: bytes, choices: Choices) -> str:
    """What a file is: csv or ctf."""
    return choices.kind or ("ctf" if is_ctf(content) else "csv")


def read_file(content: bytes, file: str, *, today: date, choices: Choices | None = None) -> PupilFile:
    """The pupils of a CSV, a pupil premium list or a common transfer file; raises `ImportRefused`."""
    choices = choices or Choices()
    if kind_of(content, choices) == "ctf":
        return read_ctf(content, file, today=today)
    if is_premium(content):
        return told_of(read_premium(content, file), db.session.scalars(select(Pupil)))
    return read_pupils(content, file, today=today, mapping=choices.mapping)


def preview(content: bytes, file: str, *, at: datetime, choices: Choices | None = None) -> ImportPlan:
    """What importing these bytes would do now; raises `ImportRefused`."""
    choices = choices or Choices()
    pupils = read_file(content, file, today=clock.today(at), choices=choices)
    return plan_import(pupils, at, answers=choices.answers, is_expected=choices.is_expected)


def import_content(
    content: bytes,
    file: str,
    *,
    at: datetime,
    user_id: int | None,
    seen_digest: str | None = None,
    choices: Choices | None = None,
    run_id: int | None = None,
    phase: Phase = lambda *_: None,
) -> ImportPlan:
    """Import these bytes in a unit of work of its own; with `seen_digest` only if the plan is the one looked at.

    `run_id` names a run that waits already; without one a run is made when there is anything to say. Raises
    `ImportRefused`, `Unanswered` and `PlanChanged`; then nothing has changed.
    """
    choices = choices or Choices()
    phase("reading", 0)
    pupils = read_file(content, file, today=clock.today(at), choices=choices)
    phase("writing", len(pupils.rows))
    with unit_of_work():
        take_turn()
        roll = read_roll(clock.today(at))
        if seen_digest is not None:
            seen = plan_import(pupils, at, roll=roll, is_expected=choices.is_expected)
            if seen.digest != seen_digest:
                raise PlanChanged
        plan = plan_import(pupils, at, roll=roll, answers=choices.answers, is_expected=choices.is_expected)
        if plan.open_questions:
            raise Unanswered(plan)
        if run_id is None and not (plan.added or plan.changed or plan.leavers):
            return plan
        run = (
            db.session.get_one(ImportRun, run_id) if run_id else new_run(content, file, choices, at, user_id)
        )
        _note_result(run, plan, at)
        apply_import(plan, at, user_id, roll=roll, run=run)
        forget_old_changes(at)
        return replace(plan, run_id=run.id)


def new_run(content: bytes, file: str, choices: Choices, at: datetime, user_id: int | None) -> ImportRun:
    """A run that waits, in the caller's unit of work."""
    run = ImportRun(
        kind=kind_of(content, choices),
        file_name=file[:120],
        digest=hashlib.sha256(content).hexdigest(),
        is_expected=choices.is_expected,
        user_id=user_id,
        made_at=at,
        state="waiting",
        missing=[],
    )
    db.session.add(run)
    db.session.flush()
    return run


def _note_result(run: ImportRun, plan: ImportPlan, at: datetime) -> None:
    run.move("applied")
    run.phase, run.applied_at, run.rows = "done", at, plan.rows
    run.added, run.changed, run.same = len(plan.added), len(plan.changed), plan.same
    run.missing = [leaver.pupil_id for leaver in plan.leavers]
