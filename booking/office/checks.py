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
from booking.registers.child_days import INS, OUTS
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
    """Who was sent out on a page had been marked in there; a device may say so first, and a person is asked then."""
    came = aliased(Mark)
    has_come = exists().where(
        came.session_id == Mark.session_id, came.pupil_id == Mark.pupil_id, came.what.in_(INS)
    )
    rows = db.session.execute(
        select(Mark.session_id, Mark.pupil_id)
        .where(Mark.what.in_(OUTS), Mark.source.in_(("page", "paper")), ~has_come)
        .order_by(Mark.id)
    )
    return [
        f"register of session {row.session_id}: pupil {row.pupil_id} went out without having come in"
        for row in rows
    ]


def _people_problems() -> list[str]:
    """A UPN that is held has the right check letter."""
    rows = db.session.execute(select(Pupil.id, Pupil.upn).where(Pupil.upn.is_not(None)))
    return [f"pupil {row.id}: {problem}" for row in rows if (problem := upn_problem(row.upn)) is not None]
