"""The history of FSM and SEN becomes what a file tells, row by row, and the same file again changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.people.group_facts import GroupFact
from booking.people.import_apply import apply_import
from booking.people.import_file import Choices, new_run
from booking.people.import_plan import ImportPlan, plan_import
from booking.people.import_rows import FactSpan, PupilFile, PupilRow
from booking.people.models import Pupil
from tests.builders import AT, a_group_fact, a_pupil
from tests.conftest import empty_database
from tests.people.import_files import a_upn, whole_tables

pytestmark = pytest.mark.usefixtures("app")
TODAY = AT.date()
SEP = date(2024, 9, 1)


def told(*spans: FactSpan, **values: object) -> PupilFile:
    """A file that tells Ada's history; what is true now follows from it."""
    now = {s.kind: s.value for s in spans if s.ends_on is None or s.ends_on >= TODAY}
    row = PupilRow(
        **{
            "line": 2,
            "upn": a_upn(1),
            "surname": "Okafor",
            "forename": "Ada",
            "preferred_name": None,
            "date_of_birth": date(2018, 10, 5),
            "year_group": None,
            "class_name": None,
            "joined_on": None,
            "facts": now,
            "contacts": (),
            "spans": spans,
            **values,
        }
    )
    return PupilFile("roll.xml", (row,), ())


def load(file: PupilFile) -> ImportPlan:
    with unit_of_work():
        plan = plan_import(file, AT)
        apply_import(plan, AT, None, run=new_run(b"", file.name, Choices("ctf"), AT, None))
    return plan


def ada() -> Pupil:
    return a_pupil(surname="Okafor", forename="Ada", upn=a_upn(1))


def history(kind: str) -> list[tuple[str, date, date | None]]:
    facts = [fact for fact in db.session.scalars(select(GroupFact)) if fact.kind == kind]
    return sorted(((f.value, f.starts_on, f.ends_on) for f in facts), key=lambda one: one[1])


def test_a_new_pupil_has_the_whole_history() -> None:
    load(told(FactSpan("sen", "N", SEP, date(2025, 1, 5)), FactSpan("sen", "K", date(2025, 1, 6))))
    assert history("sen") == [("N", SEP, date(2025, 1, 5)), ("K", date(2025, 1, 6), None)]


def test_a_current_fact_is_not_told_twice_and_keeps_its_row() -> None:
    fact = a_group_fact(ada(), "sen", "K", starts_on=date(2026, 9, 1))
    file = told(FactSpan("sen", "N", SEP, date(2025, 1, 5)), FactSpan("sen", "K", date(2025, 1, 6)))
    load(file)
    assert history("sen") == [("N", SEP, date(2025, 1, 5)), ("K", date(2025, 1, 6), None)]
    assert db.session.get_one(GroupFact, fact.id).value == "K"
    assert load(file).changed == ()


def test_an_end_is_set_and_nothing_else_is_made() -> None:
    a_group_fact(ada(), "fsm", "targeted", starts_on=SEP)
    load(told(FactSpan("fsm", "targeted", SEP, date(2025, 7, 20)), facts={"fsm": ""}))
    assert history("fsm") == [("targeted", SEP, date(2025, 7, 20))]


def test_a_plain_yes_takes_in_the_category_that_is_known() -> None:
    a_group_fact(ada(), "fsm", "expanded", starts_on=date(2026, 9, 1))
    file = told(FactSpan("fsm", "yes", date(2026, 9, 1)))
    assert load(file).changed == ()
    assert history("fsm") == [("expanded", date(2026, 9, 1), None)]


def test_what_ended_before_the_file_speaks_stays_and_what_it_contradicts_goes() -> None:
    pupil = ada()
    a_group_fact(pupil, "fsm", "targeted", starts_on=date(2019, 9, 1), ends_on=date(2020, 7, 1))
    a_group_fact(pupil, "sen", "N", starts_on=date(2026, 9, 1))
    load(told(FactSpan("fsm", "targeted", SEP), FactSpan("sen", "K", date(2026, 9, 1))))
    assert [one[1] for one in history("fsm")] == [date(2019, 9, 1), SEP]
    assert history("sen") == [("K", date(2026, 9, 1), None)]


def test_other_kinds_are_left_alone() -> None:
    a_group_fact(ada(), "ethnicity", "WBRI")
    load(told(FactSpan("sen", "K", SEP)))
    assert history("ethnicity") == [("WBRI", date(2025, 9, 1), None)]


def test_a_history_that_has_ended_is_compared_too() -> None:
    ada()
    file = told(FactSpan("fsm", "targeted", SEP, date(2025, 7, 20)), facts={})
    assert [change.words for change in load(file).changed[0].changes] == ["Free school meals"]
    assert load(file).changed == ()


steps = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 200), st.sampled_from(["N", "K", "E"])), max_size=5
)


def in_a_row(found: list[tuple[int, int, str]]) -> list[tuple[str, date, date | None]]:
    """Spans one after the other, the last without an end."""
    spans, day = [], date(2021, 9, 1)
    for gap, length, value in found:
        starts = day + timedelta(days=gap % 60)
        day = starts + timedelta(days=length + 1)
        spans.append((value, starts, day - timedelta(days=1)))
    return [
        (value, starts, None if n == len(spans) - 1 else end) for n, (value, starts, end) in enumerate(spans)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=steps, spans=steps)
def test_whatever_is_held_the_history_becomes_the_files(
    held: list[tuple[int, int, str]], spans: list[tuple[int, int, str]]
) -> None:
    pupil = ada()
    for value, starts, ends in in_a_row(held):
        a_group_fact(pupil, "sen", value, starts_on=starts, ends_on=ends)
    wanted = in_a_row(spans)
    file = told(*(FactSpan("sen", *one) for one in wanted))
    load(file)
    first = wanted[0][1] if wanted else date.max
    assert [one for one in history("sen") if wanted and not (one[2] and one[2] < first)] == wanted
    before = whole_tables()
    assert load(file).changed == ()
    assert whole_tables() == before
    db.session.remove()
    empty_database()
