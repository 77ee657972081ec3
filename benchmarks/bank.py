"""How long a bank's file takes to read and to take up, and how long 10,000 lines take to be matched to 5,000 children."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

from flask_migrate import Migrate, upgrade

from benchmarks.printing import figure, heading
from booking.app import MIGRATIONS, create_app
from booking.core.db import db, unit_of_work
from booking.core.settings import read_settings
from booking.payments.bank_file_kinds import read_statement
from booking.payments.bank_intake import make_ready, take_up
from booking.payments.expected import Child, Promise
from booking.payments.matching import Line, Matcher
from booking.payments.waiting_lines import waiting_lines

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHILDREN, LINES, LONG = 5_000, 10_000, 100_000
FORENAMES = (
    "Ada",
    "Kit",
    "Lee",
    "Zoe",
    "Sam",
    "Ana",
    "Max",
    "Ivy",
    "Leo",
    "Mia",
    "Noor",
    "Omar",
    "Eva",
    "Finn",
    "Isla",
)


def run(folder: Path) -> None:
    """Match in memory, then read and take up a long file into SQLite and read its lines back."""
    heading(f"Bank: {LINES:,} lines against {CHILDREN:,} children; a file of {LONG:,} lines, into SQLite")
    draw = random.Random(1)
    children = _children(draw)
    lines = [Line(n, date(2026, 11, 1 + n % 20), *_said(draw, children)) for n in range(LINES)]
    started = perf_counter()
    proposals = Matcher(children).proposals(lines)
    took = perf_counter() - started
    kinds = {kind: sum(one.kind == kind for one in proposals) for kind in ("sure", "likely", "split", "open")}
    figure("matching", f"{took:.2f} s", f"aim under 5; {kinds}")
    content = _file(draw, children)
    app = create_app(read_settings({"BOOKING_INSTANCE": str(folder / "bank")}))
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        upgrade()
        started = perf_counter()
        read = read_statement(content, "bank.csv", today=AT.date())
        figure(
            "reading",
            f"{perf_counter() - started:.1f} s",
            f"{len(content) / 1e6:.1f} MB, {len(read.problems)} problems",
        )
        started = perf_counter()
        ready = make_ready(read, content, "bank.csv")
        figure("sealing each line", f"{perf_counter() - started:.1f} s")
        started = perf_counter()
        with unit_of_work():
            new = take_up(ready, at=AT, user_id=None).line_count
        figure("taking up, in one transaction", f"{perf_counter() - started:.1f} s", f"{new:,} new")
        started = perf_counter()
        ready = make_ready(read, content + b"\n", "again.csv")
        with unit_of_work():
            again = take_up(ready, at=AT, user_id=None).line_count
        figure("the same lines in another file", f"{perf_counter() - started:.1f} s", f"{again} new")
        started = perf_counter()
        found = waiting_lines(limit=LINES)
        figure(f"opening {len(found):,} lines", f"{perf_counter() - started:.2f} s")
        db.engine.dispose()


def _children(draw: random.Random) -> list[Child]:
    """Surnames worse than they are: one child in five has the commonest."""
    surnames = [f"{first}{last}" for first in ("Wren", "Finch", "Swift", "Heron", "Crane") for last in _ENDS]
    weights = [1 / (n + 1) for n in range(len(surnames))]
    found = []
    for n in range(CHILDREN):
        surname, forename = draw.choices(surnames, weights)[0], draw.choice(FORENAMES)
        due_on = date(2026, 11, 1) + timedelta(days=draw.randrange(30))
        promises = tuple(
            Promise(n * 3 + k, draw.randrange(2, 80) * 450, due_on) for k in range(draw.randrange(3))
        )
        found.append(
            Child(
                account_id=n * 2 // 3,
                pupil_id=n,
                forename=forename,
                preferred_name="",
                surname=surname,
                born_on=date(2016, 1, 1) + timedelta(days=draw.randrange(2500)),
                adults=(f"{draw.choice(FORENAMES)} {surname}",),
                reference=f"{(forename[0] + surname[:3]).upper()}{n:05d}TFC" if n % 3 else None,
                own=promises,
            )
        )
    return found


_ENDS = (
    "",
    "ley",
    "ton",
    "ham",
    "by",
    "well",
    "ford",
    "wood",
    "field",
    "more",
    "son",
    "ridge",
    "stone",
    "worth",
    "man",
)


def _said(draw: random.Random, children: list[Child]) -> tuple[int, str]:
    """An amount and the words of a payer: half by reference, the others by name."""
    child = draw.choice(children)
    pence = child.own[0].amount_pence if child.own and draw.random() < 0.7 else draw.randrange(2, 80) * 450
    how = draw.random()
    if how < 0.5 and child.reference:
        return pence, f"HMRC CHILDCARE {child.reference}"
    if how < 0.75:
        about = draw.choice(("CLUB", "SCHOOL", child.forename))
        return pence, f"{child.adults[0][0]} {child.surname} {about} FP {draw.randrange(30)}"
    return pence, draw.choice(
        (child.full_name, child.surname, "STANDING ORDER", f"{child.adults[0]} BREAKFAST")
    )


def _file(draw: random.Random, children: list[Child]) -> bytes:
    rows = [b"Date,Description,Amount"]
    for n in range(LONG):
        pence, words = _said(draw, children)
        rows.append(f"{1 + n % 20:02d}/11/2026,{words},{pence // 100}.{pence % 100:02d}".encode())
    return b"\n".join(rows) + b"\n"
