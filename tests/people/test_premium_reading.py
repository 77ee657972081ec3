"""The pupil premium list: it changes facts of pupils on the roll, adds nobody, and notes whom it does not find."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db
from booking.people.group_facts import facts_at
from booking.people.import_file import import_content, preview
from booking.people.import_problems import ImportRefused
from booking.people.models import Pupil
from booking.people.premium_reading import PremiumRow, is_premium, read_premium
from tests.builders import AT, a_group_fact, a_pupil
from tests.people.ctf_files import a_upn

HEADINGS = (
    "UPN,Surname,Forename,Sex,DOB,NCYear,Deprivation Pupil Premium,Service Child Premium,"
    "Adopted from Care Premium,Looked After Premium,PupilPremiumFTE,PupilPremiumCashAmount,"
    "PupilPremiumFYStartDate,PupilPremiumFYEndDate,LastFSM,MODSERVICE,CENSUSSERVICEEVER6"
)
TODAY = AT.date()


def a_line(number: int, flags: str = "1,0,0,0", *, born: str = "05/10/2018", ends: str = "31/03/2027") -> str:
    return f"{a_upn(number)},Okafor,Ada,F,{born},3,{flags},1.00,1515,01/04/2026,{ends},2026-01-15,0,0"


def a_list(*lines: str, headings: str = HEADINGS) -> bytes:
    return "\n".join([headings, *lines]).encode()


def one(flags: str) -> PremiumRow:
    (row,) = read_premium(a_list(a_line(1, flags)), "premium.csv").rows
    return row


@pytest.mark.parametrize(
    ("flags", "facts"),
    [
        ("1,0,0,0", {"pupil_premium": "yes", "fsm6": "yes"}),
        ("0,1,0,0", {"pupil_premium": "", "fsm6": "", "service_child": "yes"}),
        ("0,0,1,0", {"pupil_premium": "yes", "fsm6": ""}),
        ("0,0,0,1", {"pupil_premium": "yes", "fsm6": "", "looked_after": "yes"}),
        ("Y,N,N,", {"pupil_premium": "yes", "fsm6": "yes"}),
        ("0.00,,,", {"pupil_premium": "", "fsm6": ""}),
    ],
)
def test_what_each_premium_says(flags: str, facts: dict[str, str]) -> None:
    assert one(flags).facts == facts


def test_headings_as_columns_are_called_and_others_are_named() -> None:
    headings = HEADINGS.replace(" ", "").replace("LastFSM", "Last meal")
    found = read_premium(a_list(a_line(1), headings=headings), "premium.csv")
    assert found.rows[0].deprivation
    assert found.unread == ("Last meal",)


def test_of_several_years_the_newest_counts() -> None:
    content = a_list(a_line(1, "1,0,0,0"), a_line(2), a_line(1, "0,1,0,0", ends="31/03/2025"))
    rows = read_premium(content, "premium.csv").rows
    assert [(row.line, row.deprivation) for row in rows] == [(2, True), (3, True)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (a_list(a_line(1).replace(a_upn(1), "")), "line 2, column “UPN”.*empty"),
        (a_list(a_line(1).replace(a_upn(1), "A999100022001")), "line 2, column “UPN”"),
        (a_list(a_line(1, "maybe,0,0,0")), "line 2, column “Deprivation.*maybe.*yes or no"),
        (a_list(a_line(1), headings=HEADINGS.replace("UPN,", "Number,", 1)), "UPN.*missing"),
    ],
)
def test_what_is_wrong_is_named(content: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        read_premium(content, "premium.csv")


def test_a_list_is_known_by_its_heading_alone() -> None:
    assert is_premium(a_list(a_line(1)))
    assert is_premium("\ufeff".encode("utf-16") + HEADINGS.encode("utf-16-le"))
    assert not is_premium(b"UPN,Surname,Forename,DOB,Pupil Premium\n")


def test_facts_change_and_nobody_is_added_or_missing(app: Flask) -> None:
    ada, other = a_pupil(upn=a_upn(1)), a_pupil(upn=a_upn(2))
    left = a_pupil(upn=a_upn(3), status="left", left_on=date(2026, 7, 20))
    a_group_fact(other, "pupil_premium", "yes", starts_on=date(2025, 9, 1))
    content = a_list(a_line(1), a_line(2, "0,0,0,0"), a_line(3), a_line(4))
    plan = preview(content, "premium.csv", at=AT)
    assert (plan.added, plan.leavers, len(plan.changed)) == ((), (), 2)
    assert all(change.is_group for one in plan.changed for change in one.changes)
    assert plan.unread == tuple(
        f"UPN {a_upn(n)} on line {line}, who is not on the roll" for n, line in ((3, 4), (4, 5))
    )
    import_content(content, "premium.csv", at=AT, user_id=None)
    assert facts_at(TODAY)[ada.id] == {"pupil_premium": "yes", "fsm6": "yes"}
    assert "pupil_premium" not in facts_at(TODAY)[other.id]
    assert facts_at(date(2026, 1, 1))[other.id]["pupil_premium"] == "yes", "what was so stays so"
    assert db.session.get_one(Pupil, left.id).status == "left"
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 3
    assert preview(content, "premium.csv", at=AT).changed == ()


def test_a_upn_with_the_birthday_of_another_child_stops_the_list(app: Flask) -> None:
    a_pupil(upn=a_upn(1))
    with pytest.raises(ImportRefused, match=r"line 2.*born 05/10/2018"):
        import_content(a_list(a_line(1, born="06/10/2018")), "premium.csv", at=AT, user_id=None)
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 1
