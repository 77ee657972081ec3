"""Does a roll-over: at once when its day has come, else by the worker in the first minutes of that day."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, Busy
from booking.core.jobs import Job, add_job
from booking.office.leavers import leave_roll
from booking.people.import_journal import forget_old_changes, look_at, write_journal
from booking.people.import_roll import take_turn
from booking.people.import_runs import ImportRun
from booking.people.models import Pupil
from booking.people.roll_over import RollOver, RollOverChoices, plan_roll_over

BEGINS = time(0, 5)
JOB = "roll_over"


class RollOverChanged(BookingError):
    """Between the look and the yes something changed; nothing was done, and the look is fresh."""

    def __init__(self) -> None:
        super().__init__("Something changed since you looked. Nothing was done. Please look again.")


def coming_roll_over(today: date) -> date:
    """The 1 September that the office thinks of: this year's until the end of that month, then the next."""
    return date(today.year if today.month <= 9 else today.year + 1, 9, 1)


def ask_roll_over(
    on: date, choices: RollOverChoices, *, at: datetime, user_id: int | None, seen_digest: str | None = None
) -> ImportRun:
    """Do the roll-over, or let it wait for its day, in the caller's unit of work.

    What waits is worked out afresh on the day, from the roll as it is then and what was said now. Raises
    `RollOverRefused` and `RollOverChanged`.
    """
    take_turn()
    plan = plan_roll_over(on, choices)
    if seen_digest is not None and plan.digest != seen_digest:
        raise RollOverChanged
    run = ImportRun(
        kind="roll_over",
        file_name=f"New school year on {on.day} September {on.year}",
        digest=on.isoformat(),
        user_id=user_id,
        made_at=at,
        state="waiting",
        rows=len(plan.pupils),
        missing=[],
    )
    db.session.add(run)
    db.session.flush()
    if on > clock.today(at):
        job = add_job(JOB, {"run_id": run.id, **choices.as_json()}, at=at)
        job.due_at = clock.instant(on, BEGINS)
        run.job_id = job.id
        record("roll_over_asked", "import_run", run.id, at=at, user_id=user_id)
    else:
        _apply(run, plan, choices, at=at, user_id=user_id)
    return run


def _apply(
    run: ImportRun, plan: RollOver, choices: RollOverChoices, *, at: datetime, user_id: int | None
) -> None:
    moves = {one.pupil_id: one for one in plan.moves}
    before = look_at(moves)
    pupils = {pupil.id: pupil for pupil in db.session.scalars(select(Pupil).where(Pupil.id.in_(moves)))}
    for pupil_id, move in moves.items():
        pupils[pupil_id].year_group, pupils[pupil_id].class_name = move.new_year, move.new_class
        if move.leaves and choices.left_on is not None:
            leave_roll(pupil_id, choices.left_on, at=at, user_id=user_id)
    write_journal(run, before, moves)
    run.move("applied")
    run.phase, run.applied_at = "done", at
    run.changed, run.same = len(moves), len(plan.pupils) - len(moves)
    run.missing = [one.pupil_id for one in plan.year_six if not one.leaves]
    record("rolled_over", "import_run", run.id, at=at, user_id=user_id, changed=run.changed)
    forget_old_changes(at)


def run_roll_over(job_id: int) -> None:
    """The worker's job on the day; what cannot be done then is said on the run's page."""
    job = db.session.get_one(Job, job_id)
    run_id, choices = job.payload["run_id"], RollOverChoices.from_json(job.payload)
    at = clock.now()
    try:
        with unit_of_work():
            take_turn()
            run = db.session.get_one(ImportRun, run_id)
            db.session.get_one(Job, job_id).finished_at = at
            if run.state == "waiting":
                plan = plan_roll_over(date.fromisoformat(run.digest), choices, run_id=run_id)
                _apply(run, plan, choices, at=at, user_id=run.user_id)
    except Busy:
        raise
    except BookingError as refused:
        refuse_run(run_id, job_id, str(refused), at=at)


def refuse_run(run_id: int, job_id: int, words: str, *, at: datetime) -> None:
    """Write on a waiting run that it could not be done, in a unit of work of its own, and end its job."""
    with unit_of_work():
        run = db.session.get_one(ImportRun, run_id)
        if run.state == "waiting":
            run.move("refused")
            run.problem = words[:200]
        db.session.get_one(Job, job_id).finished_at = at
