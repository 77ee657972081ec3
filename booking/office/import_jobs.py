"""Imports of large files are done by the worker, and their page shows how far it is.

Reading is one phase, and writing the other. All or nothing means one transaction, of which nobody can see a part: so
within the second there is no finer progress to show.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, Busy, NotFound
from booking.core.jobs import CLAIM_LASTS, Job, add_job, stop_if_asked
from booking.office import kept_files
from booking.office.kept_files import KeptFile
from booking.office.rolling_over import refuse_run
from booking.people.import_file import Choices, PlanChanged, import_content, new_run
from booking.people.import_problems import ImportRefused
from booking.people.import_runs import ImportRun

AT_ONCE = 1_000
"""Up to so many rows are imported while the person waits."""
JOB = "import_pupils"
MOST_TRIES = 3
NOT_AS_SEEN = "The file or the roll is not as it was looked at. Nothing was imported. Choose the file again."
WENT_WRONG = (
    "Something went wrong while it was done, three times. Nothing was imported. Tell who runs the server."
)


def ask_import(
    kept: KeptFile,
    choices: Choices,
    *,
    folder: Path,
    token: str,
    seen_digest: str,
    at: datetime,
    user_id: int,
) -> ImportRun:
    """Let the worker import a kept file as it was looked at, in the caller's unit of work."""
    run = new_run(kept.content, kept.name, choices, at, user_id)
    payload = {
        "run_id": run.id,
        "folder": str(folder),
        "token": token,
        "user_id": user_id,
        "seen": seen_digest,
    }
    run.job_id = add_job(JOB, {**payload, "choices": choices.as_json()}, at=at).id
    return run


def run_import(job_id: int) -> None:
    """The worker's job: all of the file or nothing; what could not be done is said on the run's page."""
    job = db.session.get_one(Job, job_id)
    told, tries = dict(job.payload), job.attempts
    run_id, folder = told["run_id"], Path(told["folder"])
    is_waiting = db.session.get_one(ImportRun, run_id).state == "waiting"
    db.session.rollback()

    def phase(name: str, rows: int) -> None:
        stop_if_asked()
        with unit_of_work():
            run, row = db.session.get_one(ImportRun, run_id), db.session.get_one(Job, job_id)
            run.phase, run.rows = name, rows
            row.total, row.claimed_until = rows, clock.now() + CLAIM_LASTS

    if tries > MOST_TRIES:
        refuse_run(run_id, job_id, WENT_WRONG, at=clock.now())
        return
    try:
        if is_waiting:
            kept = kept_files.find(folder, told["token"], user_id=told["user_id"])
            import_content(
                kept.content,
                kept.name,
                at=clock.now(),
                user_id=told["user_id"],
                seen_digest=told["seen"],
                choices=Choices.from_json(told["choices"]),
                run_id=run_id,
                phase=phase,
            )
    except Busy:
        raise
    except (PlanChanged, ImportRefused, NotFound):
        refuse_run(run_id, job_id, NOT_AS_SEEN, at=clock.now())
    except BookingError as error:
        refuse_run(run_id, job_id, str(error), at=clock.now())
    kept_files.forget(folder, told["token"], user_id=told["user_id"])
    with unit_of_work():
        db.session.get_one(Job, job_id).finished_at = clock.now()
