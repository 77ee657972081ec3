"""The CSV of places: one query whatever their number, no formula, and no child whom a restriction closes."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select

from booking.core.audit import AuditEntry
from booking.core.clock import now
from booking.core.csv_cells import csv_bytes, csv_stream
from booking.core.db import db
from booking.office.places_csv import HEAD, stream_places
from tests.browser import Browser
from tests.builders import a_family, a_place, a_restriction, a_run, a_session, a_user

FIRST = date(2026, 11, 23)


def _fill(places: int) -> Any:
    family, run = a_family(), a_run()
    for n in range(places):
        a_place(family, a_session(FIRST + timedelta(days=n), run=run))
    return family


def _read(pieces: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))


@pytest.mark.parametrize("places", [1, 30])
def test_one_query_whatever_the_number(app: Flask, places: int) -> None:
    _fill(places)
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN":
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        rows = _read(stream_places(FIRST, FIRST + timedelta(days=60), ()))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(statements) == 1
    assert len(rows) == places
    assert set(rows[0]) == set(HEAD)
    assert (rows[0]["date"], rows[0]["state"], rows[0]["starts_at"]) == ("2026-11-23", "booked", "15:30")


def test_the_stream_is_the_same_file_as_in_one_piece() -> None:
    rows = [["=1+1", n, None, FIRST, "Zoë"] for n in range(1201)]
    assert b"".join(csv_stream(rows)) == csv_bytes(rows)
    assert len(list(csv_stream(rows))) == 3


def test_the_office_takes_it_and_that_is_kept(app: Flask, browser: Browser) -> None:
    family = _fill(2)
    office = a_user("manager")
    browser.sign_in(office)
    where = {"from": "2026-11-23", "to": "2026-11-30"}
    answer = browser.client.get("/office/places.csv", query_string=where)
    assert answer.mimetype == "text/csv"
    assert len(_read([answer.data])) == 2
    exported = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).one()
    assert exported.user_id == office.id
    confirmed = {"confirmed_by_id": a_user("manager").id, "confirmed_at": now()}
    a_restriction(family.pupils[0], office, by=a_user("manager"), **confirmed)
    assert _read([browser.client.get("/office/places.csv", query_string=where).data]) == []
    assert browser.client.get("/office/places.csv?from=soon").status_code == 400
