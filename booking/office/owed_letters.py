"""What a family is told that it owes: by e-mail with a link that needs the sign-in, or on paper; kind in every step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from booking.core import clock, outbox
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.core.outbox import OutboxMessage
from booking.core.pdf import render
from booking.core.words import counted, full_day, short_day
from booking.ledger.arrears import add_note
from booking.ledger.plans import plan_of, standing_of
from booking.messages.letters import Letter, write_letter
from booking.office.arrears import OwedRow, owed_rows
from booking.payments.ageing import LATE, Debt
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import CLOSED_BOOKING, closed_to_accounts, is_member
from booking.people.school_words import school_words

STATEMENT, PLAN = -1, 0
OPENINGS = {
    STATEMENT: "This is what stands on your account.",
    PLAN: "A part of what we agreed with you has not come.",
    1: "A friendly reminder: something is still to pay. Perhaps it slipped your mind.",
    2: "We wrote to you some time ago. Something is still to pay.",
}
LAST_OPENING = "Something has been open for a while. Please talk to us this week: together we find a way."


class NobodyToWriteTo(BookingError):
    """No adult of the family reads e-mails, or everybody was written to today; nothing was sent."""


class NothingOwed(BookingError):
    """Nobody of those asked for owes anything, so there is no letter."""

    def __init__(self) -> None:
        super().__init__("Nothing is owed, so there is no letter to print.")


def owed_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """What is owed at the moment of sending; nothing when it was paid meanwhile, or the reader left the account."""
    account_id, step, at = int(context["account_id"]), int(context["step"]), clock.now()
    if not is_member(account_id, context.get("to_user_id")):
        return None
    today = clock.today(at)
    rows = owed_rows(at, account_id=account_id)
    debts = [debt for debt in rows[0].debts if step < 1 or is_late(debt, today)] if rows else []
    if not debts:
        return None
    words = {
        "opening": OPENINGS.get(step, LAST_OPENING),
        "plan": _plan_words(account_id, today),
        "owed_pence": sum(debt.amount_pence for debt in debts),
        "lines": lines_of(debts, {account_id}, today),
        "link": f"{base_url}/account",
        **school_words(),
    }
    return write_letter("owed", words)


def is_late(debt: Debt, on: date) -> bool:
    """Whether its day is past; what nobody knows a day of is late."""
    return debt.due_on is None or debt.due_on < on


def _plan_words(account_id: int, on: date) -> str:
    plan = plan_of(account_id)
    stands = standing_of(plan, on) if plan else None
    if stands is None or stands.next_part is None:
        return ""
    part, came = stands.next_part, "was due by" if stands.missed_on else "is due by"
    return f"Your plan: {format_pence(part.amount_pence)} {came} {full_day(part.due_on)}."


def lines_of(debts: Collection[Debt], account_ids: Collection[int], on: date) -> list[str]:
    """What debts are for, a line for each child and activity; a child closed to these accounts is not named."""
    closed = closed_to_accounts(set(account_ids), on)
    ids = {part.pupil_id for debt in debts for part in debt.parts if part.pupil_id is not None}
    names = {one.id: one.first_name for one in db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))}
    found: dict[str, list[int]] = {}
    for debt in debts:
        for part in debt.parts:
            if part.pupil_id is None:
                what = "Other"
            elif part.pupil_id in closed:
                what = CLOSED_BOOKING
            elif part.activity == LATE and part.on:
                what = f"{names[part.pupil_id]}: late collection on {short_day(part.on)}"
            else:
                what = f"{names[part.pupil_id]}: {part.activity}"
            found.setdefault(what, []).append(part.amount_pence)
    lines = []
    for what, pence in found.items():
        number = "" if "late collection" in what or len(pence) == 1 else f", {counted(len(pence), 'session')}"
        lines.append(f"{what}{number}: {format_pence(sum(pence))}")
    return lines


def send_statement(account_id: int, *, at: datetime, user_id: int) -> int:
    """Write to every adult of a family what stands on its account, at most once a day; raises `NobodyToWriteTo`."""
    lock_rows((FamilyAccount, [account_id]))
    account = db.session.get_one(FamilyAccount, account_id)
    keys = {f"statement:{account_id}:{clock.today(at).isoformat()}:{user.id}": user for user in account.users}
    known = set(db.session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.in_(keys))))
    fresh = {key: user for key, user in keys.items() if key not in known}
    if not fresh:
        why = (
            "They were written to today." if known else "Nobody of this family reads e-mails: print a letter."
        )
        raise NobodyToWriteTo(f"{why} Nothing was sent.")
    for key, user in fresh.items():
        context = {"account_id": account_id, "step": STATEMENT}
        outbox.post(key=key, to_email=user.email, template="owed", context=context, at=at, user_id=user.id)
    add_note(account_id, "contact", "Statement sent by e-mail", None, at=at, user_id=user_id)
    return len(fresh)


def owed_letters_pdf(account_id: int | None, *, at: datetime, user_id: int) -> bytes:
    """A page for one family, or for each that owes and reads no e-mails; noted as a contact. Raises `NothingOwed`."""
    rows = [row for row in owed_rows(at, "name", account_id) if account_id is not None or not row.has_email]
    if not rows:
        raise NothingOwed
    today = clock.today(at)
    for row in rows:
        add_note(row.account.id, "contact", "Letter printed", None, at=at, user_id=user_id)
    data = {
        "title": "Letters about what is still to pay",
        "date": full_day(today),
        "letters": [_on_paper(row, today) for row in rows],
        **school_words(),
    }
    return render("owed.typ", data, at=at)


def _on_paper(row: OwedRow, on: date) -> dict[str, Any]:
    return {
        "name": row.account.name,
        "lines": [line.rsplit(": ", 1) for line in lines_of(row.debts, {row.account.id}, on)],
        "total": format_pence(row.ages.total_pence),
        "plan": _plan_words(row.account.id, on),
    }
