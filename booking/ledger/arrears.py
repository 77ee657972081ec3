"""What the office notes about a family's debt: contact, promises, hardship, and a way past the limit on new bookings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, or_, select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, insert_new
from booking.core.errors import BookingError, NotFound
from booking.ledger.arrears_models import ArrearsNote
from booking.ledger.plans import plan_of, standing_of

BY_HAND = {
    "contact": "We spoke with the family",
    "promise": "The family promised to pay by a day",
    "hardship": "Money is tight: stop all reminders",
    "let_through": "Let the family book above the limit",
}
CONTACTS = ("contact", "promise", "reminder", "plan_missed")


class CannotNote(BookingError):
    """The note lacks its words, or a promise its day; nothing was kept."""


def add_note(
    account_id: int, kind: str, words: str, until: date | None, *, at: datetime, user_id: int | None
) -> ArrearsNote:
    """Keep one note with its reason; raises `CannotNote`."""
    if kind not in BY_HAND or not words.strip():
        raise CannotNote("Write what was said, or why. Nothing was kept.")
    if kind == "promise" and until is None:
        raise CannotNote("Write the day by which the family promised to pay.")
    if until is not None and until < clock.today(at):
        raise CannotNote("That day is past. Nothing was kept.")
    note = ArrearsNote(
        account_id=account_id, kind=kind, words=words.strip(), until=until, at=at, user_id=user_id
    )
    db.session.add(note)
    db.session.flush()
    record(f"arrears_{kind}", "family_account", account_id, at=at, user_id=user_id, note_id=note.id)
    return note


def end_note(note_id: int, *, at: datetime, user_id: int | None) -> ArrearsNote:
    """The note holds no more; raises `NotFound` when it had ended."""
    note = db.session.get(ArrearsNote, note_id)
    if note is None or note.ended_at is not None or note.kind not in BY_HAND:
        raise NotFound
    note.ended_at, note.ended_by_id = at, user_id
    db.session.flush()
    record(f"arrears_{note.kind}_ended", "family_account", note.account_id, at=at, user_id=user_id)
    return note


def note_once(account_id: int, kind: str, key: str, *, at: datetime) -> bool:
    """Note that something was sent; false when this key was noted before, by any worker."""
    row = ArrearsNote.row(account_id=account_id, kind=kind, key=key, at=at, words="")
    return db.session.scalar(insert_new(ArrearsNote).values(**row).returning(ArrearsNote.id)) is not None


def notes_of(account_id: int, limit: int = 30) -> list[ArrearsNote]:
    """The last notes of a family, newest first."""
    query = select(ArrearsNote).where(ArrearsNote.account_id == account_id)
    return list(db.session.scalars(query.order_by(ArrearsNote.at.desc(), ArrearsNote.id.desc()).limit(limit)))


def in_force(kind: str, on: date, account_ids: Collection[int] | None = None) -> dict[int, ArrearsNote]:
    """The notes of a kind that hold on a day, by account; of several the one that holds longest."""
    query = select(ArrearsNote).where(
        ArrearsNote.kind == kind,
        ArrearsNote.ended_at.is_(None),
        or_(ArrearsNote.until.is_(None), ArrearsNote.until >= on),
    )
    if account_ids is not None:
        query = query.where(ArrearsNote.account_id.in_(account_ids))
    found: dict[int, ArrearsNote] = {}
    for note in db.session.scalars(query):
        before = found.get(note.account_id)
        if before is None or (before.until or date.max) < (note.until or date.max):
            found[note.account_id] = note
    return found


def last_contacts() -> dict[int, datetime]:
    """When each family was last spoken or written to about its debt."""
    query = select(ArrearsNote.account_id, func.max(ArrearsNote.at)).where(ArrearsNote.kind.in_(CONTACTS))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(ArrearsNote.account_id))}


def may_book_above_limit(account_id: int, on: date) -> bool:
    """Whether the limit stands aside for a family: the office let it through, or it keeps its plan."""
    if in_force("let_through", on, {account_id}):
        return True
    plan = plan_of(account_id)
    return plan is not None and standing_of(plan, on).state == "kept"
