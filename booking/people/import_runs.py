"""Tables of the imports and roll-overs that were done: who, when, from which file, and what stood there before.

What stood there before is sealed whole, so that no name, contact or group fact of it can be read in the database.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow

KINDS = ("csv", "ctf", "roll_over")
STATES = ("waiting", "applied", "refused", "undone")
MOVES = {
    ("waiting", "applied"),
    ("waiting", "refused"),
    ("waiting", "undone"),
    ("applied", "undone"),
}
"""A run that waits may be taken back before its day; what was refused or undone stays so."""
PHASES = ("waiting", "reading", "writing", "done")


class ImportRun(Base):
    """One import or roll-over; `missing` holds the ids of the pupils proposed as leavers.

    A large file and a roll-over for a later day wait for the worker; `phase` and `rows` are their progress.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind_known"),
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint(f"phase IN {PHASES}", name="phase_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    is_expected: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    phase: Mapped[str] = mapped_column(String(10), default="waiting")
    problem: Mapped[str | None] = mapped_column(String(200))
    rows: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    missing: Mapped[list[int]] = mapped_column(JSON, default=list)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    def move(self, state: str) -> None:
        """Go to another state; a move that is not in `MOVES` is a programming error."""
        if (self.state, state) not in MOVES:
            raise ValueError(f"an import run cannot go from {self.state} to {state}")
        self.state = state


class ImportChange(SealedRow, Base):
    """One row that a run added, changed or removed: what it was, and a digest of what it became; both sealed.

    It goes with the pupil whom it is about.
    """

    __tablename__ = "import_change"
    __table_args__ = (
        CheckConstraint("act IN ('added', 'changed', 'removed')", name="act_known"),
        UniqueConstraint("run_id", "table_name", "row_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    table_name: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int]
    act: Mapped[str] = mapped_column(String(7))

    before = Private[dict[str, Any] | None](lambda: None)
    after = Private[str | None](lambda: None)
