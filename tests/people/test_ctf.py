"""Common transfer files: what is read of a pupil, what is left alone, and that a roll goes in and out unchanged."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.people.ctf_reading import is_ctf, read_ctf
from booking.people.ctf_writing import export_ctf
from booking.people.ctf_xml import OldExpat, check_expat
from booking.people.group_facts import facts_at
from booking.people.import_file import import_content, preview
from booking.people.import_problems import ImportRefused
from booking.people.import_rows import FactSpan, PupilRow
from booking.people.models import Contact, Pupil
from tests.builders import AT, a_group_fact, a_pupil, a_school
from tests.people.ctf_files import a_upn, many_pupils, one_pupil

TODAY = AT.date()


def ada(more: str = "", **options: str) -> PupilRow:
    (row,) = read_ctf(one_pupil(more, **options), "roll.xml", today=TODAY).rows
    return row


def test_who_a_pupil_is() -> None:
    row = ada()
    assert (row.upn, row.full_name, row.date_of_birth, row.year_group) == (
        a_upn(1),
        "Ada Okafor",
        date(2018, 10, 5),
        "3",
    )
    assert row.facts == {"sex": "F", "ethnicity": "BAFR", "language": "YOR"}
    assert row.sources == {"ethnicity": "parent"}


def test_gender_or_sex_and_any_case_of_tags_and_a_namespace() -> None:
    text = one_pupil(version="23.1").decode().replace("<Sex>F</Sex>", "<GENDER>M</GENDER>")
    text = text.replace("<CTFversion>", "<CTFVersion>").replace("</CTFversion>", "</CTFVersion>")
    text = text.replace("<CTfile>", '<c:CTfile xmlns:c="urn:x">').replace("</CTfile>", "</c:CTfile>")
    (row,) = read_ctf(text.encode(), "roll.xml", today=TODAY).rows
    assert row.facts["sex"] == "M"


def test_meals_have_their_dates_and_categories() -> None:
    row = ada(
        """<FSMhistory>
        <FSMinstance><FSMstartDate>2022-01-10</FSMstartDate><FSMendDate>2024-07-19</FSMendDate></FSMinstance>
        <FSMinstance><FSMstartDate>2026-09-01</FSMstartDate><FSMCategory>EFSM</FSMCategory></FSMinstance>
        </FSMhistory>"""
    )
    assert row.spans == (
        FactSpan("fsm", "targeted", date(2022, 1, 10), date(2024, 7, 19)),
        FactSpan("fsm", "expanded", date(2026, 9, 1)),
    )
    assert row.facts["fsm"] == "expanded"


def test_meals_that_have_ended_are_a_spoken_no() -> None:
    past = "<FSMinstance><FSMstartDate>2022-01-10</FSMstartDate><FSMendDate>2024-07-19</FSMendDate></FSMinstance>"
    assert ada(f"<FSMhistory>{past}</FSMhistory>").facts["fsm"] == ""
    assert "fsm" not in ada().facts, "a file that is silent is not a no"


def test_sen_holds_until_the_day_before_the_next_and_old_letters_are_understood() -> None:
    row = ada(
        """<SENhistory><SEN><StartDate>2025-01-06</StartDate><SENprovision>E</SENprovision></SEN>
        <SEN><StartDate>2023-09-01</StartDate><SENprovision>A</SENprovision></SEN></SENhistory>"""
    )
    assert row.spans == (
        FactSpan("sen", "K", date(2023, 9, 1), date(2025, 1, 5)),
        FactSpan("sen", "E", date(2025, 1, 6)),
    )


def test_contacts_come_in_their_order_and_a_blank_is_not_a_no() -> None:
    row = ada(
        """<Contacts><Contact><Order>2</Order><Surname>Bello</Surname><Forename>Ngozi</Forename>
        <Responsibility>false</Responsibility></Contact>
        <Contact><Order>1</Order><Surname>Okafor</Surname><Forename>Chi</Forename><Relationship>MOT</Relationship>
        <AddressAsPupil>true</AddressAsPupil><Phones><Phone><PhoneNo>07700 900123</PhoneNo></Phone></Phones>
        <Email>Chi@Families.example</Email></Contact></Contacts>"""
    )
    first, second = row.contacts
    assert (first.name, first.relationship_name, first.phone, first.email) == (
        "Chi Okafor",
        "mother",
        "07700 900123",
        "chi@families.example",
    )
    assert (first.parental_responsibility, second.parental_responsibility) == ("not_known", "no")


def test_what_is_not_needed_is_left_alone_and_what_is_unknown_is_counted() -> None:
    more = "<Attendance><YearData><X/></YearData></Attendance><ShoeSize>28</ShoeSize><ShoeSize>29</ShoeSize>"
    found = read_ctf(one_pupil(more), "roll.xml", today=TODAY)
    assert found.unread == ("shoesize (2 times)",)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("25.0", "17.0", "Versions 23, 24, 25 are read"),
        ("Common Transfer File", "Admissions File", "another kind"),
        ("<Surname>Okafor</Surname>", "", "surname.*every pupil needs"),
        (a_upn(1), "A999100022001", "upn"),
        ("2018-10-05", "2018-13-05", "no date"),
        ("BAFR", "QQQQ", "no ethnicity"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, words: str) -> None:
    content = one_pupil().decode().replace(old, new).encode()
    with pytest.raises(ImportRefused, match=f"(?s)roll.xml, line \\d+.*{words}"):
        read_ctf(content, "roll.xml", today=TODAY)


def test_an_expat_with_a_known_hole_is_refused() -> None:
    with pytest.raises(OldExpat, match=r"2\.3\.0"):
        check_expat((2, 3, 0))


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


def _export() -> bytes:
    with unit_of_work():
        return export_ctf(at=AT, user_id=None)


@given(
    names=st.lists(st.text("aé& <>'\"李", min_size=1, max_size=12), min_size=2, max_size=2), pr=st.booleans()
)
@settings(max_examples=40)
def test_whatever_stands_in_a_name_comes_back(names: list[str], pr: bool) -> None:
    surname, contact = (f"X{' '.join(name.split())}y" for name in names)
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;") for text in (surname, contact)]
    content = one_pupil(f"<Contacts><Contact><Surname>{escaped[1]}</Surname></Contact></Contacts>").decode()
    (row,) = read_ctf(
        content.replace("<Surname>Okafor", f"<Surname>{escaped[0]}").encode(), "roll.xml", today=TODAY
    ).rows
    assert (row.surname, row.contacts[0].name) == (surname, contact)


def test_a_file_makes_the_history_what_it_tells(app: Flask) -> None:
    pupil = a_pupil(upn=a_upn(1), surname="Okafor", forename="Ada", class_name=None)
    a_group_fact(pupil, "sen", "K", starts_on=date(2024, 9, 1))
    more = """<SENhistory><SEN><StartDate>2023-09-01</StartDate><SENprovision>K</SENprovision></SEN>
        <SEN><StartDate>2026-10-01</StartDate><SENprovision>E</SENprovision></SEN></SENhistory>"""
    plan = import_content(one_pupil(more), "roll.xml", at=AT, user_id=None)
    assert [change.words for change in plan.changed[0].changes if change.words == "SEN"] == ["SEN"]
    days = (date(2023, 9, 1), date(2026, 9, 30), TODAY)
    assert [facts_at(day)[pupil.id].get("sen") for day in days] == ["K", "K", "E"]
    assert preview(one_pupil(more), "roll.xml", at=AT).same == 1


def test_a_pupil_is_found_by_the_former_upn(app: Flask) -> None:
    pupil = a_pupil(upn=a_upn(9), surname="Another", forename="Name")
    content = (
        one_pupil().decode().replace("<NCyearActual>", f"<FormerUPN>{a_upn(9)}</FormerUPN><NCyearActual>")
    )
    import_content(content.encode(), "roll.xml", at=AT, user_id=None)
    db.session.expire_all()
    assert (db.session.get_one(Pupil, pupil.id).upn, pupil.surname) == (a_upn(1), "Okafor")


def test_a_leaver_is_proposed_and_stays(app: Flask) -> None:
    a_pupil(upn=a_upn(5))
    plan = import_content(one_pupil(), "roll.xml", at=AT + timedelta(days=1), user_id=None)
    assert len(plan.leavers) == 1
    assert db.session.scalar(select(func.count()).select_from(Pupil).where(Pupil.status == "on_roll")) == 2
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 0


def test_xml_is_known_by_its_first_sign() -> None:
    assert is_ctf(one_pupil())
    assert is_ctf("\ufeff<CTfile>".encode("utf-16"))
    assert not is_ctf(b"UPN,Surname\n")
