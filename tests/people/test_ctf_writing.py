"""Writing transfer files: what is written is read as the same rows, and written again as the same bytes."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unicodedata import normalize

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.people.ctf_codes import CATEGORIES, ETHNICITY_SOURCES, RELATIONSHIPS
from booking.people.ctf_reading import EXPANDED_FROM, read_ctf
from booking.people.ctf_spans import facts_of, settle, steps
from booking.people.ctf_writing import Sender, export_ctf, write_ctf
from booking.people.import_file import Choices, import_content, import_pupils, preview
from booking.people.import_rows import ContactRow, FactSpan, PupilRow
from booking.people.models import Contact, Pupil
from tests.builders import AT, a_group_fact, a_pupil, a_school, a_user, save
from tests.people.ctf_files import a_upn, many_pupils

TODAY = AT.date()
DAYS = st.dates(date(2019, 9, 1), date(2027, 8, 31))
SIGNS = st.characters(categories=["L", "Mn", "Nd", "Po", "Pd", "Sm", "Sc"], max_codepoint=0x2FFFF)


def read(content: bytes) -> list[PupilRow]:
    return list(read_ctf(content, "roll.xml", today=TODAY).rows)


def same_but_for_lines(first: list[PupilRow], second: list[PupilRow]) -> bool:
    return [replace(row, line=0) for row in first] == [replace(row, line=0) for row in second]


@st.composite
def words(draw: st.DrawFn, longest: int = 20) -> str:
    """A name as it stands in the record: composed, with one blank between its words, and a letter in it."""
    told = " ".join(draw(st.lists(st.text(SIGNS, min_size=1, max_size=8), min_size=1, max_size=3)))
    return normalize("NFC", "A" + told)[:longest].strip()


@st.composite
def a_history(draw: st.DrawFn) -> tuple[FactSpan, ...]:
    meals = []
    for _ in range(draw(st.integers(0, 4))):
        starts_on = draw(DAYS)
        lasts = draw(st.none() | st.integers(0, 900))
        ends_on = None if lasts is None else starts_on + timedelta(days=lasts)
        values = [*CATEGORIES, "yes"] if starts_on >= EXPANDED_FROM else list(CATEGORIES)
        meals.append(FactSpan("fsm", draw(st.sampled_from(values)), starts_on, ends_on))
    provisions = st.tuples(st.none() | DAYS, st.sampled_from("NKE"))
    return (*settle(meals), *steps("sen", draw(st.lists(provisions, max_size=4))))


@st.composite
def a_contact(draw: st.DrawFn, priority: int) -> ContactRow:
    known = st.sampled_from(sorted(set(RELATIONSHIPS.values())))
    return ContactRow(
        priority=priority,
        name=draw(words(60)),
        relationship_name=draw(st.none() | known | words(12).filter(lambda told: len(told) > 3)),
        phone=draw(st.none() | st.from_regex(r"\+?[0-9]{5,12}", fullmatch=True)),
        email=draw(st.none() | st.just("a.b+c&d@families.example")),
        parental_responsibility=draw(st.sampled_from(["yes", "no", "not_known"])),
        may_collect=None,
    )


@st.composite
def a_row(draw: st.DrawFn, number: int) -> PupilRow:
    spans = draw(a_history())
    facts: dict[str, str] = {}
    values = {
        "sex": "FM", "ethnicity": ["BAFR", "WBRI", "NOBT"], "language": ["ENG", "URD"],
        "home_language": ["POL"], "looked_after": ["yes", ""], "service_child": ["yes", ""],
    }  # fmt: skip
    for kind, known in values.items():
        if draw(st.booleans()):
            facts[kind] = draw(st.sampled_from(known))
    forename = draw(words())
    source = draw(st.none() | st.sampled_from(sorted(ETHNICITY_SOURCES.values())))
    return PupilRow(
        line=number,
        upn=a_upn(number),
        surname=draw(words()),
        forename=forename,
        preferred_name=draw(st.none() | words().filter(lambda name: name != forename)),
        date_of_birth=draw(st.dates(date(2015, 1, 1), date(2023, 8, 31))),
        year_group=draw(st.none() | st.sampled_from(["N1", "N2", "R", *string.digits[1:7]])),
        class_name=None,
        joined_on=None,
        facts={**facts, **facts_of(spans, TODAY)},
        contacts=tuple(draw(a_contact(n)) for n in range(1, draw(st.integers(0, 3)) + 1)),
        spans=spans,
        sources={"ethnicity": source} if source else {},
        former_upn=draw(st.none() | st.just(a_upn(number + 5_000))),
        has_left=draw(st.booleans()),
    )


@given(data=st.data(), version=st.sampled_from([23, 24, 25]), count=st.integers(1, 3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_rows_that_are_written_are_read_as_they_were(data: st.DataObject, version: int, count: int) -> None:
    rows = [data.draw(a_row(number)) for number in range(1, count + 1)]
    written = write_ctf(rows, at=AT, sender=Sender("999", "1234", "St Mary & All’s"), version=version)
    again = read(written)
    assert same_but_for_lines(again, rows)
    assert (
        write_ctf(again, at=AT, sender=Sender("999", "1234", "St Mary & All’s"), version=version) == written
    )
    assert (b"<Gender>" in written) <= (version < 25)


def test_five_thousand_pupils_are_written_read_and_written_again_byte_for_byte() -> None:
    rows = read(many_pupils(5_000))
    written = write_ctf(rows, at=AT)
    again = read(written)
    assert len(again) == 5_000
    assert same_but_for_lines(again, rows)
    assert write_ctf(again, at=AT) == written


def test_a_roll_goes_in_and_out_and_in_again_unchanged(app: Flask) -> None:
    a_school()
    plan = import_content(many_pupils(300), "roll.xml", at=AT, user_id=None)
    assert len(plan.added) == 300
    out = _export()
    again = preview(out, "out.xml", at=AT)
    assert (again.added, again.changed, again.same, again.leavers) == ((), (), 300, ())
    assert import_content(out, "out.xml", at=AT, user_id=None).same == 300
    assert _export() == out
    assert db.session.scalar(select(func.count()).select_from(AccessEntry)) == 600


def test_a_roll_of_five_thousand_goes_in_and_out_and_in_again(app: Flask, tmp_path: Path) -> None:
    a_school()
    first, second = tmp_path / "first.xml", tmp_path / "second.xml"
    first.write_bytes(many_pupils(5_000))
    assert len(import_pupils(first, choices=Choices(kind="ctf"), at=AT, user_id=None).added) == 5_000
    second.write_bytes(_export())
    plan = import_pupils(second, at=AT, user_id=None)
    assert (plan.added, plan.changed, plan.same) == ((), (), 5_000)
    assert _export() == second.read_bytes()


def _export() -> bytes:
    with unit_of_work():
        return export_ctf(at=AT, user_id=None)


def test_only_the_schools_own_record_leaves_the_school(app: Flask) -> None:
    pupil, left = a_pupil(upn=a_upn(1)), a_pupil(upn=a_upn(2), status="left", surname="Gone")
    parent = a_user("parent").id
    save(
        Contact(pupil_id=pupil.id, name="Jo Okafor", priority=1, phone="07700 900001"),
        Contact(pupil_id=pupil.id, name="Secret Aunt", priority=2, given_by_id=parent, phone="07700 900666"),
        Contact(pupil_id=left.id, name="Old Contact", priority=1),
    )
    out = _export().decode()
    assert "07700 900001" in out
    for hidden in ("Secret", "900666", "Gone", "Old Contact"):
        assert hidden not in out


def test_what_ended_is_a_no_and_sen_that_ended_is_none_from_then_on(app: Flask) -> None:
    pupil = a_pupil(upn=a_upn(1))
    a_group_fact(pupil, "looked_after", "yes", starts_on=date(2024, 9, 1), ends_on=date(2025, 7, 1))
    a_group_fact(pupil, "service_child", "yes", starts_on=date(2024, 9, 1))
    a_group_fact(pupil, "fsm", "targeted", starts_on=date(2024, 9, 1), ends_on=date(2025, 7, 1))
    a_group_fact(pupil, "sen", "K", starts_on=date(2024, 9, 1), ends_on=date(2025, 7, 1))
    a_group_fact(pupil, "ethnicity", "BAFR", starts_on=date(2024, 9, 1), source="parent")
    (row,) = read(_export())
    assert row.facts == {
        "looked_after": "", "service_child": "yes", "fsm": "", "sen": "N", "ethnicity": "BAFR",
    }  # fmt: skip
    assert row.sources == {"ethnicity": "parent"}
    assert row.spans == (
        FactSpan("fsm", "targeted", date(2024, 9, 1), date(2025, 7, 1)),
        FactSpan("sen", "K", date(2024, 9, 1), date(2025, 7, 1)),
        FactSpan("sen", "N", date(2025, 7, 2)),
    )


def test_signs_that_no_xml_may_hold_are_left_out(app: Flask) -> None:
    a_pupil(upn=a_upn(1), surname="Oka\x0bf\x1bor")
    (row,) = read(_export())
    assert row.surname == "Okafor"


def test_a_file_says_that_it_is_whole(app: Flask) -> None:
    a_pupil(upn=a_upn(1))
    out = _export()
    assert b"<DocumentQualifier>full" in out
    assert not read_ctf(out, "out.xml", today=TODAY).is_partial
    assert db.session.scalars(select(Pupil.upn)).all() == [a_upn(1)]
