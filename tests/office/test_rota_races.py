"""The rota shrinks while families press: nobody who got a place loses it, and none is sold beyond what is left."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings import places
from booking.bookings.invariants import booking_problems
from booking.core.db import db
from booking.office import rotas
from booking.office.rotas import places_follow
from booking.provision.models import Session
from booking.provision.rota_changes import take_off_run
from booking.provision.staff_models import RotaLine
from tests.bookings.rushes import Act, at_once, live_in, take_out_the_locks
from tests.bookings.test_list_races import wanting
from tests.builders import AT, a_run, a_session
from tests.staff_builders import a_rule, a_staff_record, on_rota

WEDNESDAY = date(2026, 11, 25)


def a_limited_session(places_of_one: int) -> tuple[int, int]:
    """A session that two adults may have six children in, and the line of one of them."""
    a_rule(dict.fromkeys("R123456", places_of_one), least_adults=1, limits_places=True)
    run = a_run(capacity=40)
    session = a_session(WEDNESDAY, run=run, capacity=2 * places_of_one)
    stays, goes = a_staff_record(), a_staff_record()
    on_rota(run.id, stays, goes)
    line = db.session.scalars(select(RotaLine.id).where(RotaLine.staff_id == goes.id)).one()
    db.session.rollback()
    return session.id, line


def shrinking(session_id: int, line_id: int) -> Act:
    """The office takes one of the two off the rota; it gives how many places the session has then."""

    def act() -> int:
        run_id = db.session.get_one(Session, session_id).run_id
        with places_follow([run_id], at=AT):
            take_off_run(line_id, date(2026, 11, 1), at=AT, user_id=None)
        return db.session.get_one(Session, session_id).capacity

    return act


def test_a_rota_that_shrinks_in_a_rush_leaves_every_family_its_place(app: Flask) -> None:
    session_id, line_id = a_limited_session(3)
    results = at_once(app, [*wanting(session_id, 4), shrinking(session_id, line_id), *wanting(session_id, 4)])
    assert not any(isinstance(one, Exception) for one in results), results
    got = sum(results[:4]) + sum(results[5:])
    assert live_in([session_id]) == {session_id: got}
    assert 3 <= got <= 6
    assert results[4] == max(3, got)
    assert booking_problems() == []


def test_the_control_sells_places_that_the_rota_took_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, line_id = a_limited_session(3)
    acts = [*wanting(session_id, 5), shrinking(session_id, line_id)]
    take_out_the_locks(monkeypatch, 6, [(places, "load_situation"), (rotas, "uses_of")])
    results = at_once(app, acts)
    assert results[:5] == [1] * 5, results
    assert live_in([session_id]) == {session_id: 5}
    assert any("3 allowed" in problem for problem in booking_problems())
