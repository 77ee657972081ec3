"""Importing pupils: all or nothing, matched to the roll, changed field by field, and the same file twice is harmless."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.people.group_facts import GroupFact
from booking.people.import_apply import year_of_birth
from booking.people.import_file import PlanChanged, import_content, import_pupils, preview
from booking.people.import_plan import ImportPlan
from booking.people.import_problems import ImportRefused
from booking.people.import_report import printable
from booking.people.invitations import invite
from booking.people.models import Contact, Invitation, Pupil
from booking.people.upn import upn_check_letter
from tests.builders import AT, a_group_fact, a_pupil, a_user, save

pytestmark = pytest.mark.usefixtures("app")

HEADINGS = "UPN,Surname,Forename,DOB,Year,Class,SEN,FSM,Contact 1 Name,Contact 1 Email,Contact 1 Phone"
ADA = "R201100018042,Okafor,Ada,05/10/2018,3,Oak,N,Y,Jo Okafor,jo@families.example,07700 900001"
BEN = "B801200005001,Ali,Ben,01/02/2020,1,Elm,K,N,Sam Ali,sam@families.example,07700 900002"
LATER = AT + timedelta(days=30)


def load(*rows: str, headings: str = HEADINGS, at: datetime = AT) -> ImportPlan:
    content = "\n".join([headings, *rows]).encode()
    return import_content(content, "pupils.csv", at=at, user_id=None)


def the_pupil(forename: str) -> Pupil:
    return db.session.scalars(select(Pupil).where(Pupil.forename == forename)).one()


def facts(pupil: Pupil) -> list[tuple[str, str, date, date | None]]:
    rows = db.session.scalars(select(GroupFact).where(GroupFact.pupil_id == pupil.id))
    told = [(fact.kind, fact.value, fact.starts_on, fact.ends_on) for fact in rows]
    return sorted(told, key=lambda fact: (fact[0], fact[2]))


def everything() -> list[list[tuple[object, ...]]]:
    tables = (Pupil, GroupFact, Contact, AuditEntry)
    found = [
        [tuple(row) for row in db.session.execute(select(t.__table__).order_by(t.__table__.c.id))]
        for t in tables
    ]
    db.session.rollback()
    return found


def test_new_pupils_come_onto_the_roll_with_facts_since_the_school_year_began() -> None:
    plan = load(ADA, BEN)
    assert (len(plan.added), len(plan.changed), plan.same) == (2, 0, 0)
    ada = the_pupil("Ada")
    assert (ada.upn, ada.year_group, ada.class_name, ada.status) == ("R201100018042", "3", "Oak", "on_roll")
    assert facts(ada) == [
        ("fsm", "yes", date(2026, 9, 1), None),
        ("sen", "N", date(2026, 9, 1), None),
    ]
    assert facts(the_pupil("Ben")) == [("sen", "K", date(2026, 9, 1), None)]
    assert [(c.name, c.email, c.given_by_id) for c in ada.contacts] == [
        ("Jo Okafor", "jo@families.example", None)
    ]


def test_a_second_identical_import_changes_nothing() -> None:
    load(ADA, BEN)
    before = everything()
    plan = load(ADA, BEN, at=LATER)
    assert (plan.added, plan.changed, plan.same) == ((), (), 2)
    assert everything() == before


def test_one_bad_row_and_nothing_is_imported() -> None:
    with pytest.raises(ImportRefused, match="line 3, column “DOB”"):
        load(ADA, BEN.replace("01/02/2020", "01/13/2020"))
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0


def test_a_changed_fact_ends_the_day_before_the_new_one_starts() -> None:
    load(ADA)
    plan = load(ADA.replace(",N,Y,", ",K,N,"), at=LATER)
    assert [(c.words, c.old, c.new) for c in plan.changed[0].changes] == [
        ("SEN", "N", "K"),
        ("Free school meals", "yes", "no"),
    ]
    day = LATER.date()
    assert facts(the_pupil("Ada")) == [
        ("fsm", "yes", date(2026, 9, 1), day - timedelta(days=1)),
        ("sen", "N", date(2026, 9, 1), day - timedelta(days=1)),
        ("sen", "K", day, None),
    ]
    assert load(ADA.replace(",N,Y,", ",K,N,"), at=LATER).changed == ()


def test_a_fact_put_right_on_the_same_day_leaves_one_fact() -> None:
    pupil = a_pupil(surname="Okafor", forename="Ada", upn="R201100018042")
    a_group_fact(pupil, "sen", "K", starts_on=AT.date())
    load(ADA)
    assert ("sen", "N", AT.date(), None) in facts(pupil)
    assert len([f for f in facts(pupil) if f[0] == "sen"]) == 1


def test_a_plain_yes_does_not_wipe_out_a_category_and_a_no_ends_it() -> None:
    pupil = a_pupil(surname="Okafor", forename="Ada", upn="R201100018042")
    a_group_fact(pupil, "fsm", "targeted", starts_on=date(2025, 9, 1))
    load(ADA)
    assert [fact for fact in facts(pupil) if fact[0] == "fsm"] == [
        ("fsm", "targeted", date(2025, 9, 1), None)
    ]
    load(ADA.replace(",N,Y,", ",N,N,"))
    assert [fact for fact in facts(pupil) if fact[0] == "fsm"] == [
        ("fsm", "targeted", date(2025, 9, 1), AT.date() - timedelta(days=1))
    ]


def test_a_blank_cell_changes_nothing() -> None:
    load(ADA)
    plan = load("R201100018042,Okafor,Ada,05/10/2018,,,,,,,")
    assert (plan.changed, plan.same) == ((), 1)


def test_each_changed_field_is_shown_old_and_new_and_group_values_are_not_printed() -> None:
    load(ADA)
    plan = load(ADA.replace("Oak", "Birch").replace("Okafor,Ada", "Obi,Ada").replace(",N,Y,", ",E,Y,"))
    printed = printable(plan)
    assert "      Surname: Okafor -> Obi" in printed
    assert "      Class: Oak -> Birch" in printed
    assert "      SEN: changed" in printed
    assert the_pupil("Ada").class_name == "Birch"


def test_twins_are_two_children() -> None:
    load(ADA, "B801200005001" + ADA.removeprefix("R201100018042").replace("Ada", "Ben"))
    assert {p.forename for p in db.session.scalars(select(Pupil))} == {"Ada", "Ben"}


def test_who_is_missing_is_proposed_as_a_leaver_and_stays() -> None:
    load(ADA, BEN)
    plan = load(ADA)
    assert [leaver.name for leaver in plan.leavers] == ["Ben Ali"]
    assert the_pupil("Ben").status == "on_roll"


def test_who_had_left_and_is_in_the_file_is_back() -> None:
    pupil = a_pupil(
        surname="Okafor", forename="Ada", upn="R201100018042", status="left", left_on=date(2026, 7, 20)
    )
    load(ADA)
    db.session.refresh(pupil)
    assert (pupil.status, pupil.left_on) == ("on_roll", None)


def test_contacts_of_the_school_are_replaced_and_those_that_a_parent_gave_are_not() -> None:
    load(ADA)
    ada, parent = the_pupil("Ada"), a_user()
    save(Contact(pupil_id=ada.id, given_by_id=parent.id, name="Gran", phone="07700 900009"))
    kept = ada.contacts[0].id
    load(ADA.replace("07700 900001", "07700 900055"))
    db.session.expire_all()
    assert {(c.name, c.phone) for c in the_pupil("Ada").contacts} == {
        ("Jo Okafor", "07700 900055"),
        ("Gran", "07700 900009"),
    }
    assert kept in {c.id for c in the_pupil("Ada").contacts}
    load(ADA.replace("Jo Okafor,jo@", "Di Okafor,di@"))
    db.session.expire_all()
    assert {c.name for c in the_pupil("Ada").contacts} == {"Di Okafor", "Gran"}


@pytest.mark.parametrize("change", ["Jo Okafor,jo@ Di Okafor,di@", "jo@ jo2@"])
def test_an_open_invitation_to_a_contact_who_is_gone_or_moved_ends(change: str) -> None:
    load(ADA)
    with unit_of_work():
        invite("jo@families.example", "parent", at=AT, by_user_id=None, contact=the_pupil("Ada").contacts[0])
    old, new = change.rsplit(" ", 1) if change.startswith("jo@") else ("Jo Okafor,jo@", "Di Okafor,di@")
    load(ADA.replace(old, new))
    assert db.session.scalars(select(Invitation)).all() == []


def test_a_preview_writes_nothing_and_a_roll_that_moved_since_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "roll.csv"
    path.write_text(f"{HEADINGS}\n{ADA}\n", encoding="utf-8")
    plan = import_pupils(path, dry_run=True, at=AT, user_id=None)
    assert printable(plan)[0] == "roll.csv: would add 1, would change 0, same 0, not in the file 0"
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0
    seen = preview(path.read_bytes(), "roll.csv", at=AT).digest
    a_pupil(surname="Okafor", forename="Ada")
    with pytest.raises(PlanChanged):
        import_content(path.read_bytes(), "roll.csv", at=AT, user_id=None, seen_digest=seen)


@pytest.mark.parametrize(
    ("born", "year"),
    [
        (date(2018, 10, 5), "3"), (date(2018, 8, 31), "4"), (date(2018, 9, 1), "3"), (date(2022, 3, 1), "R"),
        (date(2023, 3, 1), "N2"), (date(2024, 3, 1), "N1"), (date(2015, 9, 1), "6"), (date(2014, 9, 1), None),
    ],
)  # fmt: skip
def test_the_year_follows_from_the_birthday_where_the_file_is_silent(born: date, year: str | None) -> None:
    assert year_of_birth(born, date(2026, 11, 23)) == year


def _statements(rows: list[str]) -> int:
    count = [0]

    def note(*_: object) -> None:
        count[0] += 1

    event.listen(db.engine, "before_cursor_execute", note)
    load(*rows)
    event.remove(db.engine, "before_cursor_execute", note)
    return count[0]


def _row(number: int) -> str:
    twelve = f"8012000{number:05d}"
    upn = upn_check_letter(twelve) + twelve
    return f"{upn},Ali,Sam{number} X,01/02/2020,1,Elm,K,Y,Jo,jo{number}@f.example,07700 900002"


def test_many_rows_ask_no_more_questions_than_few(app: Flask) -> None:
    few = _statements([_row(n) for n in range(3)])
    many = _statements([_row(n) for n in range(100, 400)])
    assert many <= few + 6, f"{few} statements for 3 rows, {many} for 300"
    again = _statements([_row(n) for n in range(100, 400)])
    assert again <= 10
