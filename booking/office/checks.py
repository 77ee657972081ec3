"""`booking check`: every invariant that the database must keep, as sentences that name the rows which break it."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from booking.bookings.invariants import booking_problems
from booking.bookings.models import Basket
from booking.core.access_log import access_problems
from booking.core.db import db, read_snapshot
from booking.core.vault import vault_problems
from booking.ledger.balances import ledger_problems
from booking.ledger.models import Entry
from booking.ledger.sealing import seal_problems
from booking.payments.arrears_invariants import arrears_problems
from booking.payments.bank_invariants import bank_problems
from booking.payments.invoices import invoice_problems
from booking.payments.models import Payment, Refund
from booking.people.models import Pupil
from booking.people.upn import upn_problem
from booking.registers.dose_invariants import dose_problems
from booking.registers.models import Mark


def all_problems() -> list[str]:
    """Everything that is wrong, as one sentence a row; an empty list means that all promises hold."""
    with read_snapshot():
        return [
            *booking_problems(),
            *ledger_problems(),
            *seal_problems(),
            *_payment_problems(),
            *bank_problems(),
            *arrears_problems(),
            *invoice_problems(),
            *_custody_problems(),
            *dose_problems(),
            *_people_problems(),
            *vault_problems(),
            *access_problems(),
        ]


def _payment_problems() -> list[str]:
    """Paid means posted, posted means paid, and nobody got more back than they gave."""
    problems = [
        f"payment {payment_id}: paid, but not in the ledger"
        for payment_id in db.session.scalars(
            select(Payment.id)
            .outerjoin(Entry, (Entry.payment_id == Payment.id) & (Entry.kind == "payment"))
            .where(
                Payment.state == "paid",
                Payment.amount_pence > 0,
                Payment.tender != "credit",
                Entry.id.is_(None),
            )
        )
    ]
    problems += [
        f"payment {payment_id}: in the ledger, but not paid"
        for payment_id in db.session.scalars(
            select(Payment.id)
            .join(Entry, (Entry.payment_id == Payment.id) & (Entry.kind == "payment"))
            .where(Payment.state.not_in(("paid", "undone")))
        )
    ]
    is_reversed = exists().where(Entry.payment_id == Payment.id, Entry.kind == "payment_undone")
    problems += [
        f"payment {payment_id}: undone and its reversal do not go together"
        for payment_id in db.session.scalars(
            select(Payment.id).where((Payment.state == "undone") != is_reversed).order_by(Payment.id)
        )
    ]
    refunded = (
        select(Refund.payment_id, func.sum(Refund.amount_pence).label("pence"))
        .where(Refund.state != "failed")
        .group_by(Refund.payment_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Payment.id, Payment.amount_pence, refunded.c.pence)
        .join(refunded, refunded.c.payment_id == Payment.id)
        .where(refunded.c.pence > Payment.amount_pence)
    )
    problems += [f"payment {row.id}: {row.pence} pence refunded of {row.amount_pence}" for row in rows]
    started = db.session.execute(
        select(Payment.id, Basket.state)
        .join(Basket, Basket.id == Payment.basket_id)
        .where(Payment.state == "started", Basket.state != "paying")
    )
    problems += [f"payment {row.id}: started, but its basket is {row.state}" for row in started]
    card = aliased(Payment)
    waiting = db.session.execute(
        select(Payment.id, card.state)
        .join(card, card.id == Payment.waits_for_id)
        .where(Payment.state == "waiting", card.state != "started")
    )
    problems += [f"payment {row.id}: waits for a card payment that is {row.state}" for row in waiting]
    return problems


def _custody_problems() -> list[str]:
    """A child who went out was in before, and a child is in one session at a time."""
    undone = select(Mark.undoes_id).where(Mark.undoes_id.is_not(None))
    rows = db.session.execute(
        select(Mark.session_id, Mark.pupil_id, Mark.what)
        .where(Mark.what != "undone", Mark.id.not_in(undone))
        .order_by(Mark.session_id, Mark.pupil_id, Mark.at, Mark.id)
    )
    seen: dict[tuple[int, int], set[str]] = {}
    problems = []
    for session_id, pupil_id, what in rows:
        before = seen.setdefault((session_id, pupil_id), set())
        if what in {"collected", "left_alone", "to_activity"} and not before & {"arrived", "walk_in"}:
            problems.append(
                f"register of session {session_id}: pupil {pupil_id} went out without having come in"
            )
        if what == "absent" and before & {"arrived", "walk_in"}:
            problems.append(f"register of session {session_id}: pupil {pupil_id} is in and absent at once")
        before.add(what)
    return problems


def _people_problems() -> list[str]:
    """A UPN that is held has the right check letter."""
    rows = db.session.execute(select(Pupil.id, Pupil.upn).where(Pupil.upn.is_not(None)))
    return [f"pupil {row.id}: {problem}" for row in rows if (problem := upn_problem(row.upn)) is not None]
