"""Invoices for all families of a seller in one job: a family a transaction, so that it can stop and go on anywhere."""

from __future__ import annotations

from datetime import date, datetime

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.jobs import CLAIM_LASTS, Job, add_job, stop_if_asked
from booking.payments.invoices import Order, accounts_to_invoice, issue_invoice

JOB = "issue_invoices"


class NoSuchSpan(BookingError):
    """The days are the wrong way round, or there is no care in them; no invoice was asked for."""

    def __init__(self) -> None:
        super().__init__("No care of this seller was booked on these days. Nothing was issued.")


def ask_invoices(order: Order, *, at: datetime, user_id: int) -> int:
    """Let the worker issue them, in the caller's unit of work; gives how many families it will look at."""
    accounts = accounts_to_invoice(order)
    if not accounts:
        raise NoSuchSpan
    days = {"from_on": order.from_on.isoformat(), "to_on": order.to_on.isoformat()}
    payload = {"seller_id": order.seller_id, "due_on": order.due_on.isoformat(), "user_id": user_id, **days}
    add_job(JOB, payload, at=at).total = len(accounts)
    return len(accounts)


def run_invoices(job_id: int) -> None:
    """The worker's job; a family that has its invoice gets no second one, so that beginning again does no harm."""
    told = dict(db.session.get_one(Job, job_id).payload)
    order = Order(
        told["seller_id"],
        *(date.fromisoformat(told[name]) for name in ("from_on", "to_on", "due_on")),
    )
    accounts = accounts_to_invoice(order)
    db.session.rollback()
    for number, account_id in enumerate(accounts, start=1):
        stop_if_asked()
        with unit_of_work():
            at = clock.now()
            issue_invoice(account_id, order, at=at, user_id=told["user_id"])
            job = db.session.get_one(Job, job_id)
            job.done, job.total, job.claimed_until = number, len(accounts), at + CLAIM_LASTS
    with unit_of_work():
        db.session.get_one(Job, job_id).finished_at = clock.now()
