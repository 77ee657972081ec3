"""What is held of staff is theirs to see, and goes with them; that somebody stood on a rota stays."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.office.access_request import what_is_held
from booking.office.checks import all_problems
from booking.office.erasure import erase_user
from booking.office.set_up import uses_of
from booking.people.models import User
from booking.provision.staff_models import RotaLine, StaffCertificate, StaffRecord
from booking.registers.staff_marks import mark_staff
from tests.builders import a_run, a_session, a_user
from tests.staff_builders import a_staff_record, for_the_day, on_rota

pytestmark = pytest.mark.usefixtures("app")
AT = datetime(2026, 11, 25, 15, 40, tzinfo=UTC)
WEDNESDAY = date(2026, 11, 25)


def _worker(name: str) -> tuple[User, StaffRecord]:
    """Somebody with a record, a certificate, a rota, a change of a day and a mark."""
    user = a_user("staff", name=name)
    record = a_staff_record(name, user_id=user.id, first_aid=date(2028, 1, 1))
    on_rota(a_run().id, record)
    for_the_day(a_session(WEDNESDAY), record, is_here=True)
    with unit_of_work():
        mark_staff(record.id, "in", at=AT, user_id=user.id)
    return user, record


def test_an_access_request_holds_ones_own_record_rotas_and_marks_and_nobody_elses() -> None:
    user, _ = _worker("Ada Lark")
    _worker("Bo Finch")
    held = what_is_held(user, at=AT)["held"]
    assert held["staff_record"][0]["name"] == "Ada Lark"
    kinds = ("staff_record", "staff_certificate", "rota_line", "rota_change", "staff_mark")
    assert {kind: len(held[kind]) for kind in kinds} == dict.fromkeys(kinds, 1)
    assert "session" in held["rota_change"][0]
    assert "Finch" not in str(held)


def test_whoever_is_erased_leaves_no_name_and_no_certificate_but_a_rota_that_is_true() -> None:
    user, _ = _worker("Ada Lark")
    with unit_of_work():
        erase_user(user.id)
    record = db.session.scalars(select(StaffRecord)).one()
    assert (record.name, record.dbs_checked_on) == ("Removed", None)
    assert db.session.scalars(select(StaffCertificate)).all() == []
    assert len(db.session.scalars(select(RotaLine)).all()) == 1
    assert all_problems() == []


def test_a_session_on_whose_rota_somebody_comes_for_the_day_is_never_thrown_away() -> None:
    session, empty = a_session(WEDNESDAY), a_session(WEDNESDAY)
    for_the_day(session, a_staff_record(), is_here=True)
    uses = uses_of([session, empty])
    assert uses[session.id].is_referred_to
    assert empty.id not in uses
