"""How long pages and sheets take on the server, and how much of them travels to a phone."""

from __future__ import annotations

import gzip
import re
import uuid
from datetime import date, time
from pathlib import Path

from flask import Flask
from sqlalchemy import event, insert

from benchmarks.printing import figure, heading, timed
from benchmarks.school import AT, app_on, fill
from booking.bookings.grid import week_grid
from booking.core.db import db, unit_of_work
from booking.equity.papers import as_pdf
from booking.equity.releases import Draft, check_breakdown, draft_release, keep_release
from booking.people.group_facts import GroupFact
from booking.provision.models import Period
from booking.registers.models import Mark
from booking.registers.sheets import RegisterEntry, RegisterSheet, render_registers

MONDAY = date(2026, 11, 9)


def run(folder: Path) -> None:
    """On SQLite, a school of 120 families."""
    heading("Pages and sheets, SQLite")
    app = app_on(f"sqlite:///{folder / 'pages.db'}", folder)
    fill(app, families=120)
    _sheet()
    with app.app_context():
        _grid()
        _governors()
    _weights(app)


def _sheet() -> None:
    names = ("Łukasz Żółć", "Nguyễn Thị Hồng", "عائشة خان", "தமிழ் செல்வி", "王小明", "Okafor Ada")
    entries = tuple(
        RegisterEntry(f"{names[n % 6]} {n}", "Oak", "Year 3", may_collect=("Sam",)) for n in range(60)
    )
    sheet = RegisterSheet(
        "Brook Lane", "Chess", MONDAY, "Hall", "Mr Osei", time(15, 30), time(16, 30), AT, MONDAY, entries
    )
    counter = iter(range(10_000))

    def render() -> bytes:
        fresh = RegisterSheet(**{**sheet.__dict__, "room": f"Hall {next(counter)}"})
        return render_registers([(fresh, "door")], AT)

    timed("register PDF, 60 children, six scripts, fresh data", render, note="Aim under 60 warm.")


def _grid() -> None:
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    week_grid(1, MONDAY, AT)
    figure("queries of the week grid, two children", str(len(seen)), "aim at most 12")

    def grid() -> object:
        db.session.remove()
        return week_grid(1, MONDAY, AT)

    timed("week grid, two children, five slots a day", grid, note="Aim under 50.")


def _governors() -> None:
    with unit_of_work() as session:
        session.add(
            Period(kind="half_term", name="Autumn 1", starts_on=date(2026, 9, 1), ends_on=date(2026, 10, 23))
        )
        session.execute(
            insert(GroupFact),
            [
                GroupFact.row(
                    pupil_id=n,
                    kind="pupil_premium",
                    value="yes",
                    source="bench",
                    starts_on=date(2026, 9, 1),
                    recorded_at=AT,
                )
                for n in range(1, 241, 4)
            ],
        )
        session.execute(
            insert(Mark),
            [
                Mark.row(
                    uid=str(uuid.uuid4()),
                    session_id=1,
                    pupil_id=n,
                    what="arrived",
                    at=AT,
                    recorded_at=AT,
                    source="page",
                )
                for n in range(1, 241, 2)
            ],
        )
    first, last, today = date(2026, 9, 1), date(2026, 10, 23), date(2026, 11, 2)

    def draft() -> Draft:
        db.session.remove()
        return draft_release(first, last, check_breakdown([]), today=today)

    timed("governors' report made and attacked, 240 pupils", draft, times=5)
    made = draft()
    with unit_of_work():
        issued = keep_release(made, at=AT, user_id=None)
    timed("the same report as PDF", lambda: as_pdf(issued), times=5)


def _weights(app: Flask) -> None:
    """The public page and the sign-in page with all that they load, as gzip sends them."""
    client = app.test_client()
    for path in ("/", "/login"):
        html = client.get(path).get_data()
        total = len(gzip.compress(html))
        for link in set(re.findall(rb'(?:href|src)="(/[^"]+\.(?:css|js|svg))', html)):
            total += len(gzip.compress(client.get(link.decode()).get_data()))
        figure(f"{path} with what it loads, gzipped", f"{total / 1024:.0f} KB", "aim under 150")
