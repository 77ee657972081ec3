"""Group facts: dated, with one purpose each; a rule that decides about a child can reach entitlements alone."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core.db import db, unit_of_work
from booking.equity.snapshot import pupils_on_roll
from booking.people.entitlements import entitlements_at
from booking.people.group_facts import (
    PURPOSE_OF,
    GroupFact,
    GroupObjection,
    WrongPurpose,
    facts_at,
    objectors,
)
from tests.builders import AT, a_group_fact, a_pupil, save
from tests.conftest import empty_database

ROOMS = Path(__file__).resolve().parents[2] / "booking"
DECIDES = ("provision", "bookings", "payments", "ledger", "registers")
TODAY = AT.date()


def test_a_report_at_a_date_sees_what_was_true_then(app: Flask) -> None:
    pupil = a_pupil()
    a_group_fact(pupil, "fsm", "targeted", starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31))
    a_group_fact(pupil, "fsm", "expanded", starts_on=date(2026, 9, 1))
    seen = [
        facts_at(day)[pupil.id].get("fsm") for day in (date(2025, 8, 31), date(2026, 8, 31), date(2026, 9, 1))
    ]
    assert seen == [None, "targeted", "expanded"]


def test_a_decision_reads_entitlements_and_nothing_else(app: Flask) -> None:
    pupil = a_pupil()
    for kind in PURPOSE_OF:
        a_group_fact(pupil, kind, "yes")
    found = entitlements_at(TODAY, pupil_ids=[pupil.id])[pupil.id]
    assert set(found) == {kind for kind, purpose in PURPOSE_OF.items() if purpose == "entitlement"}
    assert not {"ethnicity", "language", "home_language", "sex"} & set(found)


@pytest.mark.parametrize("kind", ["ethnicity", "language", "sex"])
def test_no_fact_for_monitoring_can_be_written_down_as_an_entitlement(app: Flask, kind: str) -> None:
    with pytest.raises(WrongPurpose):
        GroupFact(pupil_id=1, kind=kind, value="x", purpose="entitlement", source="s", starts_on=TODAY)
    with pytest.raises(WrongPurpose):
        GroupFact.row(pupil_id=1, kind=kind, value="x", purpose="entitlement", source="s", starts_on=TODAY)


def test_no_room_that_decides_names_the_facts_themselves() -> None:
    """Beside the import contract: not by another name either (models, text of SQL, the table)."""
    guilty = []
    for room in DECIDES:
        for path in (ROOMS / room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {getattr(node, "id", "") or getattr(node, "attr", "") for node in ast.walk(tree)}
            texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            if names & {"GroupFact", "facts_at"} or any("group_fact" in str(text) for text in texts):
                guilty.append(path.name)
    assert guilty == []


def test_a_written_objection_takes_the_child_out_of_the_count(app: Flask) -> None:
    counted, objects = a_pupil(), a_pupil()
    for pupil in (counted, objects):
        a_group_fact(pupil, "pupil_premium", "yes")
    save(GroupObjection(pupil_id=objects.id, received_on=date(2026, 10, 1), recorded_at=AT))
    assert [row.pupil_id for row in pupils_on_roll(TODAY)] == [counted.id]
    assert {row.pupil_id for row in pupils_on_roll(date(2026, 9, 30))} == {counted.id, objects.id}


def test_a_withdrawn_objection_counts_again_from_that_day(app: Flask) -> None:
    pupil = a_pupil()
    save(
        GroupObjection(
            pupil_id=pupil.id, received_on=date(2026, 10, 1), withdrawn_on=date(2026, 11, 1), recorded_at=AT
        )
    )
    assert (objectors(date(2026, 10, 31)), objectors(date(2026, 11, 1))) == ({pupil.id}, set())


@given(
    spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=6),
    day=st.integers(0, 60),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_facts_that_overlap_the_one_that_began_last_holds(
    app: Flask, spans: list[tuple[int, int]], day: int
) -> None:
    start = date(2026, 9, 1)
    db.session.rollback()
    empty_database()
    pupil = a_pupil()
    with unit_of_work():
        for number, (begins, lasts) in enumerate(spans):
            a_group_fact(
                pupil,
                "sen",
                str(number),
                starts_on=start + timedelta(days=begins),
                ends_on=start + timedelta(days=begins + lasts),
            )
    alive = [(begins, n) for n, (begins, lasts) in enumerate(spans) if begins <= day <= begins + lasts]
    expected = str(max(alive)[1]) if alive else None
    assert facts_at(start + timedelta(days=day))[pupil.id].get("sen") == expected
