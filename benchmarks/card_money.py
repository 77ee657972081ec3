"""Card money against the Stripe double: from an event to its committed effect, and a whole term held against Stripe."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import func, insert, select

from benchmarks.printing import figure, heading
from benchmarks.school import app_on, database_urls, drop_postgresql, fill
from benchmarks.site import ROOT, a_double_on, a_site, five_days_from, next_week_but_two
from booking.bookings.models import Basket, Place
from booking.core import clock
from booking.core.db import db, table_of, unit_of_work
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.payments.gateway import Gateway
from booking.payments.models import Payment
from booking.payments.movements import book_movements
from stripe_double import happenings
from stripe_double.account import Account
from stripe_double.store import Store
from stripe_double.webhooks import signature

TERM, FAMILIES, PAID_OUT_EVERY = 20_000, 500, 300
EVENTS, A_SECOND, SENDERS = 500, 50, 24
PENCE = 900
KEY, SECRET = "sk_test_bench", "whsec_bench"
PAGE: dict[str, Any] = {
    "mode": "payment",
    "line_items": [
        {"price_data": {"currency": "gbp", "unit_amount": PENCE, "product_data": {"name": "Booking"}}}
    ],
    "success_url": "http://localhost/x",
}
RECONCILE = """
import re, time
from pathlib import Path
from booking.cli import cli
cli.main(['reconcile'], prog_name='booking', standalone_mode=False)
print(re.search('VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])
print(time.process_time())
"""


def run(folder: Path) -> None:
    """On each database: events at a steady rate, then a term."""
    heading(f"Stripe: {A_SECOND} events a second, from sent to committed (aim: p99 under 150 ms)")
    for name, url in database_urls(folder):
        _events(name, url, folder)
    heading(f"Stripe: `booking reconcile` of {TERM:,} payments (aim: under 60 s and 200 MB)")
    for name, url in database_urls(folder):
        _term(name, url, folder)
    drop_postgresql()


def _paid_pages(path: Path, count: int) -> list[dict[str, Any]]:
    """So many card pages, paid, in a fresh account at Stripe; their events are never sent by itself."""
    path.unlink(missing_ok=True)
    store = Store(path, is_lasting=False)
    account = Account(store, "http://127.0.0.1:1")
    account.faults.delays = lambda event: ()
    found = []
    with store.changing():
        for number in range(1, count + 1):
            session = account.create_session({**PAGE, "client_reference_id": f"bench-{number}"})
            found.append(happenings.pay(account, session["id"]))
            if number % PAID_OUT_EVERY == 0:
                happenings.pay_out(account, PENCE * 200)
    store.close()
    return found


def _rows(sessions: list[dict[str, Any]], *, is_paid: bool) -> None:
    """The baskets and payments of these pages, booked and posted, or waiting for their events."""
    at = clock.now()
    baskets = [
        {
            "id": n,
            "reference": f"B{n}",
            "account_id": 1 + n % FAMILIES,
            "state": "booked" if is_paid else "paying",
            "created_at": at,
        }
        for n in range(1, len(sessions) + 1)
    ]
    payments = [
        {
            "id": n,
            "basket_id": n,
            "account_id": 1 + n % FAMILIES,
            "tender": "card",
            "state": "paid" if is_paid else "started",
            "amount_pence": PENCE,
            "idempotency_key": f"bench-{n}",
            "stripe_session_id": session["id"],
            "stripe_intent_id": session["payment_intent"] if is_paid else None,
            "created_at": at,
            "expires_at": at + timedelta(minutes=31),
        }
        for n, session in enumerate(sessions, start=1)
    ]
    with unit_of_work() as session:
        session.execute(insert(table_of(Basket)), baskets)
        session.execute(insert(table_of(Payment)), payments)


def _posted(count: int) -> None:
    """The ledger's entries of payments, in bulk."""
    at = clock.now()
    with unit_of_work() as session:
        card = LedgerAccount(code="card", kind="card")
        families = [
            LedgerAccount(code=f"family:{n}", kind="family", family_account_id=n)
            for n in range(1, FAMILIES + 1)
        ]
        session.add_all([card, *families])
        session.flush()
        numbers = range(1, count + 1)
        entries = [
            {"id": n, "key": f"payment:{n}", "kind": "payment", "at": at, "payment_id": n} for n in numbers
        ]
        session.execute(insert(table_of(Entry)), entries)
        lines = []
        for n in numbers:
            lines.append({"entry_id": n, "account_id": card.id, "amount_pence": PENCE})
            family = families[n % FAMILIES].id
            lines.append({"entry_id": n, "account_id": family, "amount_pence": -PENCE})
        session.execute(insert(table_of(EntryLine)), lines)
        if db.engine.dialect.name == "postgresql":
            session.execute(select(func.setval("ledger_entry_id_seq", count)))


def _events(name: str, url: str, folder: Path) -> None:
    app, state = app_on(url, folder), folder / "double-events.db"
    fill(app, families=FAMILIES, days=1)
    sessions = _paid_pages(state, EVENTS)
    with app.app_context():
        _rows(sessions, is_paid=False)
        _held(five_days_from(next_week_but_two()))
        db.session.remove()
        store = Store(state)
        bodies = [
            store.text_of(one)
            for one in reversed(store.all("event"))
            if one["type"] == "checkout.session.completed"
        ]
        store.close()
        with a_double_on(state, folder, secret=SECRET) as double:
            floor = _at_a_rate(lambda n: _ask(double, sessions[n]["id"]))
            with a_site(url, folder, stripe_at=double) as address:
                took = _at_a_rate(lambda n: _send(address, bodies[n]))
        paid = db.session.scalar(select(func.count()).where(Payment.state == "paid"))
        db.session.remove()
        db.engine.dispose()
    p99 = _percentile(took, 99)
    figure(
        f"{name}: webhook to commit, p99",
        f"{p99 * 1000:.0f} ms",
        f"p50 {_percentile(took, 50) * 1000:.0f} ms; {p99 / _percentile(floor, 99):.1f} times asking Stripe alone "
        f"({_percentile(floor, 99) * 1000:.0f} ms); {paid} of {EVENTS} booked",
    )


def _held(sessions: list[int]) -> None:
    """Two places for each basket, held for as long as its card page is open."""
    at = clock.now()
    rows = [
        {
            "basket_id": n,
            "account_id": 1 + n % FAMILIES,
            "pupil_id": 2 * (1 + n % FAMILIES),
            "session_id": session_id,
            "state": "held",
            "price_pence": PENCE // 2,
            "credit_until": at + timedelta(days=10),
            "held_at": at,
        }
        for n in range(1, EVENTS + 1)
        for session_id in sessions[:2]
    ]
    with unit_of_work() as session:
        session.execute(insert(table_of(Place)), rows)


def _at_a_rate(act: Callable[[int], None]) -> list[float]:
    """Do something EVENTS times at a steady rate; seconds from when each was due until it was done."""
    begun = time.perf_counter() + 0.2

    def one(number: int) -> float:
        due = begun + number / A_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        act(number)
        return time.perf_counter() - due

    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(one, range(EVENTS)))


def _send(address: str, body: bytes) -> None:
    headers = {"Stripe-Signature": signature(body, SECRET, int(time.time()))}
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request("POST", "/webhooks/stripe", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the webhook answered {answer.status}")


def _ask(double: str, session_id: str) -> None:
    _get(double, f"/v1/checkout/sessions/{session_id}?expand[0]=payment_intent")


def _get(double: str, path: str) -> Any:
    with closing(http.client.HTTPConnection(urlsplit(double).netloc, timeout=60)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
        return json.loads(connection.getresponse().read())


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _term(name: str, url: str, folder: Path) -> None:
    app, state = app_on(url, folder), folder / "double-term.db"
    fill(app, families=FAMILIES, days=1)
    sessions = _paid_pages(state, TERM)
    with app.app_context(), a_double_on(state, folder, secret=SECRET) as double:
        _rows(sessions, is_paid=True)
        _posted(TERM)
        begun = time.perf_counter()
        posted = book_movements(clock.now(), Gateway(KEY, double))
        booking = time.perf_counter() - begun
        begun = time.perf_counter()
        for what in ("checkout/sessions", "balance_transactions"):
            _all_pages(double, what)
        floor = time.perf_counter() - begun
        seconds, megabytes, words = _reconcile(app, url, folder, double)
        db.session.remove()
        db.engine.dispose()
    figure(
        f"{name}: `booking reconcile`",
        f"{seconds:.1f} s",
        f"{seconds / floor:.1f} times reading the lists alone ({floor:.1f} s); {megabytes:.0f} MB at most; {words}",
    )
    figure(f"{name}: posting the fees and payouts of it", f"{booking:.1f} s", f"{posted:,} entries")


def _all_pages(double: str, what: str) -> None:
    after = ""
    while True:
        page = _get(double, f"/v1/{what}?limit=100{after}")
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"


def _reconcile(app: Flask, url: str, folder: Path, double: str) -> tuple[float, float, str]:
    """The command in a process of its own: seconds, most megabytes, its last line."""
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "BOOKING_INSTANCE": str(folder),
        "SECRET_KEY": "for measuring alone, long enough",
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": double,
    }
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RECONCILE], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - begun
    *_, words, kilobytes, processor = done.stdout.strip().splitlines()
    return seconds, int(kilobytes) / 1024, f"{float(processor):.1f} s of processor; {words}"
