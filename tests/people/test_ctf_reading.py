"""Common transfer files: what is read of a pupil, what is left alone, and what the import makes of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import xml_reading
from booking.core.db import db
from booking.core.xml_reading import OldExpat, check_expat
from booking.people.ctf_reading import is_ctf, read_ctf
from booking.people.group_facts import facts_at
from booking.people.import_file import import_content, preview
from booking.people.import_problems import ImportRefused
from booking.people.import_rows import FactSpan, PupilRow
from booking.people.models import Contact, Pupil
from tests.builders import AT, a_group_fact, a_pupil
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
    assert found.unread == ("ShoeSize (2 times)",)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("25.0", "17.0", "Versions 23, 24, 25 are read"),
        ("Common Transfer File", "Admissions File", "another kind"),
        ("<Surname>Okafor</Surname>", "", "Surname.*it is needed"),
        (a_upn(1), "A999100022001", "UPN"),
        ("2018-10-05", "2018-13-05", "no date"),
        ("BAFR", "QQQQ", "no ethnicity"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, words: str) -> None:
    content = one_pupil().decode().replace(old, new).encode()
    with pytest.raises(ImportRefused, match=f"(?s)roll.xml, line \\d+.*{words}"):
        read_ctf(content, "roll.xml", today=TODAY)


def test_an_expat_with_a_known_hole_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_expat((2, 5, 0))
    with pytest.raises(OldExpat, match=r"2\.4\.9"):
        check_expat((2, 4, 9))
    monkeypatch.setattr(xml_reading, "OLDEST_EXPAT", (99, 0, 0))
    with pytest.raises(ImportRefused, match=r"known hole\. Update Python"):
        read_ctf(one_pupil(), "roll.xml", today=TODAY)


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


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        ("<BasicDetails><ServiceChild>N</ServiceChild></BasicDetails>", {"service_child": ""}),
        ("<BasicDetails><ServiceChild>U</ServiceChild></BasicDetails>", {}),
        ("<ServiceChild>Y</ServiceChild>", {"service_child": "yes"}),
        ("<LookedAfter><InCare>true</InCare></LookedAfter>", {"looked_after": "yes"}),
        ("<LookedAfter><InCare>0</InCare></LookedAfter>", {"looked_after": ""}),
        ("<FSMhistory><FSMreviewDate>2027-01-01</FSMreviewDate></FSMhistory><SENhistory/>", {}),
    ],
)
def test_a_no_is_spoken_and_silence_is_none(told: str, facts: dict[str, str]) -> None:
    before = ada().facts
    assert ada(told).facts == {**before, **facts}


@pytest.mark.parametrize(("status", "has_left"), [("C", False), ("M", False), ("S", False), ("P", True)])
def test_a_child_who_was_enrolled_before_has_left(status: str, has_left: bool) -> None:
    assert ada(f"<BasicDetails><EnrolStatus>{status}</EnrolStatus></BasicDetails>").has_left is has_left


def test_a_category_that_nobody_knows_yet_is_meals_all_the_same_and_named() -> None:
    meals = (
        "<FSMinstance><FSMstartDate>2026-09-01</FSMstartDate><FSMCategory>ZFSM</FSMCategory></FSMinstance>"
    )
    found = read_ctf(one_pupil(f"<FSMhistory>{meals}</FSMhistory>"), "roll.xml", today=TODAY)
    assert found.rows[0].facts["fsm"] == "yes"
    assert found.unread == ("FSMCategory ZFSM (1 time)",)


def test_a_mobile_is_rung_first_and_a_fax_never() -> None:
    def phone(*kinds: str) -> str | None:
        numbers = "".join(
            f"<Phone><TelephoneType>{kind}</TelephoneType><PhoneNo>07700 90000{n}</PhoneNo></Phone>"
            for n, kind in enumerate(kinds)
        )
        told = f"<Contact><Surname>Bello</Surname><Phones>{numbers}</Phones></Contact>"
        return ada(f"<Contacts>{told}</Contacts>").contacts[0].phone

    assert phone("H", "M", "W") == "07700 900001"
    assert phone("F", "W", "H") == "07700 900001"
    assert phone("F") is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("<UPN>X</UPN>", "UPN.*stands here twice"),
        ("<BasicDetails><EnrolStatus>Z</EnrolStatus></BasicDetails>", "EnrolStatus.*Z.*do not know"),
        ("<Contacts><Contact><Email>a@b.example</Email></Contact></Contacts>", "Contact.*no name"),
        ("<Contacts><Contact><Order>²</Order><Surname>Bo</Surname></Contact></Contacts>", "Order.*number"),
        (f"<Contacts>{'<Contact><Surname>Bo</Surname></Contact>' * 31}</Contacts>", "more than 30 contacts"),
        ("<FSMhistory><FSMinstance><UKcountry>ENG</UKcountry></FSMinstance></FSMhistory>", "FSMstartDate"),
        (
            "<FSMhistory><FSMinstance><FSMstartDate>2026-01-02</FSMstartDate><FSMendDate>2026-01-01</FSMendDate>"
            "</FSMinstance></FSMhistory>",
            "ends before it begins",
        ),
    ],
)
def test_what_cannot_be_so_is_named(more: str, words: str) -> None:
    with pytest.raises(ImportRefused, match=f"(?s)line \\d+.*{words}"):
        ada(more)


def test_all_problems_of_all_pupils_are_gathered() -> None:
    content = many_pupils(3).decode().replace("<DOB>20", "<DOB>31").replace("<Gender>", "<Gender>Q")
    with pytest.raises(ImportRefused) as refused:
        read_ctf(content.encode(), "roll.xml", today=TODAY)
    assert len(refused.value.problems) == 6
    assert len({problem.line for problem in refused.value.problems}) == 3


def test_a_file_without_line_breaks_counts_pupils_instead() -> None:
    content = many_pupils(3).replace(b"\n", b"")
    assert [row.line for row in read_ctf(content, "roll.xml", today=TODAY).rows] == [1, 2, 3]
    twice = content.replace(a_upn(2).encode(), a_upn(0).encode())
    with pytest.raises(ImportRefused, match=r"line 3.*This UPN stands on line 1 too"):
        read_ctf(twice, "roll.xml", today=TODAY)
    wrong = content.replace(a_upn(1).encode(), b"A999100022001")
    with pytest.raises(ImportRefused, match="Pupil 2, UPN"):
        read_ctf(wrong, "roll.xml", today=TODAY)


def test_nobody_is_missing_from_a_file_that_is_partial(app: Flask) -> None:
    a_pupil(upn=a_upn(5))
    told = one_pupil().replace(
        b"<SourceSchool>", b"<DocumentQualifier>partial</DocumentQualifier><SourceSchool>"
    )
    assert read_ctf(told, "roll.xml", today=TODAY).is_partial
    assert preview(told, "roll.xml", at=AT).leavers == ()
    assert len(preview(one_pupil(), "roll.xml", at=AT).leavers) == 1


def test_a_partial_file_proposes_only_the_leavers_whom_it_names(app: Flask) -> None:
    named = a_pupil(upn=a_upn(1))
    a_pupil(upn=a_upn(5))
    told = one_pupil("<BasicDetails><EnrolStatus>P</EnrolStatus></BasicDetails>")
    told = told.replace(b"<SourceSchool>", b"<DocumentQualifier>partial</DocumentQualifier><SourceSchool>")
    plan = preview(told, "roll.xml", at=AT)
    assert [leaver.pupil_id for leaver in plan.leavers] == [named.id]
    assert (plan.added, plan.changed) == ((), ())
