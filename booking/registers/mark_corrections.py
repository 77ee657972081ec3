"""A closed register is put right by two people: one asks with a reason, another says yes, and then a mark is made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Guardianship, Pupil, User
from booking.provision.models import Run, Session
from booking.registers.child_days import INS, OUTS
from booking.registers.events import closed_among
from booking.registers.marks import Maker, NewMark, name_mark, write_marks
from booking.registers.models import Mark, MarkCorrection

WHATS = frozenset({*INS, *OUTS, "absent", "undone"})


class CannotCorrect(BookingError):
    """The day is not closed, the time is not of that day, or it is not this person's to say yes; nothing was changed."""


@dataclass(frozen=True)
class Asked:
    """What the register should say: a mark, in place of another where `undoes_uid` names one, and why."""

    session_id: int
    pupil_id: int
    what: str
    at: datetime
    detail: str | None
    undoes_uid: str | None
    reason: str


def ask_correction(asked: Asked, *, at: datetime, user_id: int) -> MarkCorrection:
    """Ask for a mark on a closed day. Raises `CannotCorrect` or `NotFound`; nothing is marked before another's yes."""
    session, pupil = db.session.get(Session, asked.session_id), db.session.get(Pupil, asked.pupil_id)
    if session is None or pupil is None or asked.what not in WHATS:
        raise NotFound
    if not closed_among([session.date]):
        raise CannotCorrect("This day is not closed. Mark it in its register.")
    if not asked.reason.strip():
        raise CannotCorrect("Write why the register was wrong, and how you know.")
    if asked.what != "undone" and (clock.today(asked.at) != session.date or asked.at > at):
        raise CannotCorrect("That time is not on this day, or still to come.")
    if asked.undoes_uid is not None or asked.what == "undone":
        _target(asked.undoes_uid, asked.session_id, asked.pupil_id)
    made = MarkCorrection(
        session_id=asked.session_id,
        pupil_id=asked.pupil_id,
        what=asked.what,
        at=asked.at,
        undoes_uid=asked.undoes_uid,
        mark_uid=str(uuid.uuid4()),
        asked_by_id=user_id,
        asked_at=at,
        detail=asked.detail,
        reason=asked.reason.strip(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("correction_asked", "mark_correction", made.id, at=at, user_id=user_id)
    return made


def decide_correction(correction_id: int, *, is_yes: bool, at: datetime, by: User) -> MarkCorrection:
    """The second person's word: with a yes the mark is made. Raises `CannotCorrect`, `MarkRefused` or `NotFound`."""
    found = db.session.get(MarkCorrection, correction_id)
    if found is None:
        raise NotFound
    lock_rows((Pupil, [found.pupil_id]))
    if found.state != "asked":
        raise CannotCorrect("That is decided already. Nothing was changed.")
    _refuse_if_not_second(found, by)
    found.state, found.decided_by_id, found.decided_at = "made" if is_yes else "refused", by.id, at
    db.session.flush()
    if is_yes:
        _make(found, at)
    audit.record(f"correction_{found.state}", "mark_correction", found.id, at=at, user_id=by.id)
    return found


def _refuse_if_not_second(found: MarkCorrection, by: User) -> None:
    if not by.approves or by.id == found.asked_by_id:
        raise CannotCorrect("Another person who may approve must say yes, never the one who asked.")
    own = select(Guardianship.id).where(
        Guardianship.user_id == by.id, Guardianship.pupil_id == found.pupil_id
    )
    if db.session.execute(own).first() is not None:
        raise CannotCorrect("Nobody decides about their own child. Nothing was changed.")


def _make(found: MarkCorrection, at: datetime) -> None:
    """Write the marks in the name of who asked, with who said yes beside it."""
    maker = Maker(found.asked_by_id, "office", sent_by_id=found.decided_by_id)
    if found.undoes_uid is not None:
        target = _target(found.undoes_uid, found.session_id, found.pupil_id)
        name_mark(target, "undone", at=at, maker=maker)
    if found.what != "undone":
        new = NewMark(found.session_id, found.pupil_id, found.what, found.at, found.detail, found.mark_uid)
        session = db.session.get_one(Session, found.session_id)
        write_marks([new], {session.id: session}, recorded_at=at, maker=maker)


def _target(uid: str | None, session_id: int, pupil_id: int) -> Mark:
    """The mark to take back: of this child, in this session, and not a taking back itself."""
    mark = db.session.scalars(select(Mark).where(Mark.uid == uid)).first()
    if mark is None or mark.what in {"undone", "settled"}:
        raise NotFound
    if (mark.session_id, mark.pupil_id) != (session_id, pupil_id):
        raise NotFound
    return mark


def corrections(*, day: date | None = None, is_open: bool = False) -> list[MarkCorrection]:
    """Corrections of a day, or all that wait for a second person, the oldest first."""
    query = (
        select(MarkCorrection)
        .join(MarkCorrection.session)
        .options(
            joinedload(MarkCorrection.pupil),
            joinedload(MarkCorrection.asked_by),
            joinedload(MarkCorrection.decided_by),
            joinedload(MarkCorrection.session).joinedload(Session.run).joinedload(Run.activity),
        )
        .order_by(MarkCorrection.id)
    )
    if day is not None:
        query = query.where(Session.date == day)
    if is_open:
        query = query.where(MarkCorrection.state == "asked")
    return list(db.session.scalars(query))
