"""Work for the background, as rows in the main database; the worker's ticker claims them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime, db

CLAIM_LASTS = timedelta(minutes=10)
_stopping = threading.Event()


class Interrupted(Exception):
    """The worker is stopping; what a job has done so far is kept, and the next worker goes on."""


def ask_jobs_to_stop() -> None:
    """Tell the jobs of this process to end at their next step."""
    _stopping.set()


def stop_if_asked() -> None:
    """Raise `Interrupted` when the worker is stopping; called by a job between its steps."""
    if _stopping.is_set():
        raise Interrupted


class Job(Base):
    """One piece of work; `done` of `total` is its progress, and `payload` holds ids and plain values."""

    __tablename__ = "job"
    __table_args__ = (CheckConstraint("done >= 0 AND total >= 0", name="progress_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


def add_job(kind: str, payload: dict[str, Any], *, at: datetime) -> Job:
    """Ask the worker for a piece of work, in the caller's transaction."""
    job = Job(kind=kind, payload=payload, created_at=at, due_at=at)
    db.session.add(job)
    db.session.flush()
    return job


def is_under_way(kind: str) -> bool:
    """Whether work of a kind is asked for or being done, and not finished."""
    query = select(Job.id).where(Job.kind == kind, Job.finished_at.is_(None)).limit(1)
    return db.session.scalar(query) is not None


def claim_job(at: datetime) -> Job | None:
    """Take the oldest due job inside a unit of work, so that of two workers only one has it."""
    job = db.session.scalars(
        select(Job)
        .where(Job.finished_at.is_(None), Job.due_at <= at)
        .where(or_(Job.claimed_until.is_(None), Job.claimed_until <= at))
        .order_by(Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if job is not None:
        job.claimed_until = at + CLAIM_LASTS
        job.attempts += 1
        db.session.flush()
    return job
