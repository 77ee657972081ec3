"""A family with 2,000 lines: its balance, what its payments paid for, and its statement as PDF, beside floors.

Two children, two sessions a school day, paid by card a week ahead. The floor of the balance is the bare driver with the
same statement; that of the paper is Typst alone with the same receipt. Processor time bears a busy machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from benchmarks.printing import figure, heading
from benchmarks.school import AT, app_on, database_urls, drop_postgresql, fill
from booking.bookings.models import Basket, Place
from booking.core.db import db, insert_new, unit_of_work
from booking.ledger.balances import credit_pence
from booking.ledger.models import EntryLine, LedgerAccount
from booking.ledger.posting import BookedPlace, post_booking, post_payment
from booking.payments.models import Payment
from booking.payments.paid_care import standing_of
from booking.payments.receipt_paper import print_receipt
from booking.payments.receipts import Receipt, statement_of_paid
from booking.payments.spans import Span
from booking.provision.models import Session

LINES, OTHERS = 2_000, 60
ACCOUNT = 1
NOVEMBER = Span("month", date(2027, 11, 1), date(2027, 11, 30), "November 2027")
YEAR = Span("tax_year", date(2027, 4, 6), date(2028, 4, 5), "Tax year 2027 to 2028")


def run(folder: Path) -> None:
    """On each database: the family among others, the figures and their floors."""
    heading(f"A family with {LINES} lines (aims: balance under 5 ms, statement PDF under 100 ms)")
    for name, url in database_urls(folder):
        app = app_on(url, folder)
        fill(app, families=OTHERS + 1, days=420)
        with app.app_context():
            for account_id in range(1, OTHERS + 2):
                _live(account_id, LINES if account_id == ACCOUNT else 200)
            _measure(name)
            db.session.remove()
            db.engine.dispose()
        if name == "PostgreSQL":
            drop_postgresql()


def _measure(name: str) -> None:
    balance, _ = _took(lambda _: credit_pence(ACCOUNT), times=30)
    floor = _bare()
    figure(
        f"{name}: balance",
        f"{balance:.2f} ms",
        f"{balance / floor:.1f} times the bare driver ({floor:.2f} ms)",
    )
    played, busy = _took(lambda _: standing_of(ACCOUNT))
    figure(f"{name}: what {LINES} lines were paid by", f"{played:.0f} ms", f"{busy:.0f} ms of processor time")
    for span in (NOVEMBER, YEAR):
        receipt = statement_of_paid({ACCOUNT}, span, AT.date())
        rows = sum(len(child.lines) for paper in receipt.papers for child in paper.children)
        middle, busy = _took(lambda number, span=span: _statement(span, number))  # type: ignore[misc]
        floor, _ = _took(lambda number, receipt=receipt: _paper(receipt, number))  # type: ignore[misc]
        figure(
            f"{name}: statement PDF, {span.name}, {rows} rows",
            f"{middle:.0f} ms",
            f"{busy:.0f} ms of processor time; {middle / floor:.1f} times Typst alone ({floor:.0f} ms)",
        )


def _took(act: Callable[[int], object], *, times: int = 9) -> tuple[float, float]:
    """The medians of the clock's and of the processor's milliseconds, after two that do not count."""
    clock, busy = [], []
    for number in range(times + 2):
        begun, began = time.perf_counter(), time.process_time()
        act(number)
        clock.append((time.perf_counter() - begun) * 1000)
        busy.append((time.process_time() - began) * 1000)
    return statistics.median(clock[2:]), statistics.median(busy[2:])


def _statement(span: Span, number: int) -> bytes:
    return _paper(statement_of_paid({ACCOUNT}, span, AT.date()), number)


def _paper(receipt: Receipt, number: int) -> bytes:
    """The paper, each time of another day, so that Typst remembers nothing of it."""
    on = AT.date() + timedelta(days=number)
    return print_receipt(receipt, title=f"Childcare {number}", span="A span", on=on)


def _bare() -> float:
    """The balance by the driver alone."""
    query = (
        select(EntryLine.amount_pence)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.family_account_id == ACCOUNT)
    )
    text = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
    text = "SELECT coalesce(sum(ledger_line.amount_pence), 0) " + text[text.index("FROM") :]
    with db.engine.connect() as connection:
        cursor = connection.connection.cursor()

        return _took(lambda _: cursor.execute(text) and cursor.fetchall(), times=30)[0]


def _live(account_id: int, lines: int) -> None:
    """So many lines: baskets of five places, each paid by card in the same moment."""
    query = select(Session.id, Session.run_id, Session.date).where(Session.run_id.in_((1, 4)))
    sessions = db.session.execute(query.order_by(Session.date, Session.id)).all()
    wanted = [(pupil, row) for row in sessions for pupil in (2 * account_id, 2 * account_id - 1)]
    wanted = wanted[: lines * 5 // 6]
    db.session.rollback()
    with unit_of_work() as session:
        for number in range(0, len(wanted), 5):
            at = AT + (wanted[number][1].date - AT.date()) - timedelta(days=7) + timedelta(seconds=number)
            basket = Basket(
                reference=f"{account_id}-{number}", account_id=account_id, state="booked", created_at=at
            )
            session.add(basket)
            session.flush()
            places = []
            for pupil_id, row in wanted[number : number + 5]:
                values = {
                    "basket_id": basket.id,
                    "account_id": account_id,
                    "pupil_id": pupil_id,
                    "session_id": row.id,
                    "state": "booked",
                    "price_pence": 450,
                    "credit_until": at,
                    "held_at": at,
                    "booked_at": at,
                }
                place_id = session.scalar(insert_new(Place).values(**values).returning(Place.id))
                places.append(BookedPlace(place_id, account_id, row.run_id, 1, 450))
            pence = 450 * len(places)
            payment = Payment(
                basket_id=basket.id,
                account_id=account_id,
                tender="card",
                state="paid",
                amount_pence=pence,
                idempotency_key=f"{account_id}-{number}",
                created_at=at,
                paid_at=at,
            )
            session.add(payment)
            session.flush()
            post_booking(places, basket_id=basket.id, at=at, user_id=None)
            post_payment(payment.id, account_id, basket.id, pence, "card", at=at, user_id=None)
