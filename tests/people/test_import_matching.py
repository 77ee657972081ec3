"""Which child a line means: the UPN decides, a name and a birthday only ask, and twins are never mixed up."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from booking.core.db import db
from booking.people.import_matching import NEW
from booking.people.import_problems import ImportRefused
from booking.people.import_report import Unanswered, printable
from booking.people.models import Pupil
from tests.builders import a_pupil
from tests.people.import_files import a_line, a_upn, load, look

pytestmark = pytest.mark.usefixtures("app")
BORN = date(2018, 10, 5)


def ada(**values: object) -> Pupil:
    return a_pupil(**{"surname": "Okafor", "forename": "Ada", "date_of_birth": BORN, **values})


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Pupil)) or 0


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (None, a_upn(1)),
        ("M80120000500A", a_upn(1)),
        (a_upn(2), a_upn(1)),
        (a_upn(2), ""),
    ],
    ids=["a first UPN", "a final UPN for a temporary one", "another UPN", "a file without UPNs"],
)
def test_a_name_and_a_birthday_only_ask(held: str | None, told: str) -> None:
    pupil = ada(upn=held)
    with pytest.raises(
        Unanswered, match=rf"Is it Ada Okafor, born 05/10/2018.*--same 2={pupil.id} or --new 2"
    ):
        load(a_line(upn=told))
    db.session.refresh(pupil)
    assert (pupil.upn, count()) == (held, 1)
    (question,) = look(a_line(upn=told, cls="Elm")).questions
    assert ("Class", "Oak", "Elm") in {(c.words, c.old, c.new) for c in question.changes}


def test_a_yes_ties_the_line_to_the_child_and_a_no_makes_another() -> None:
    first = ada(upn=None, status="expected", class_name=None)
    plan = load(a_line(upn=a_upn(1), cls="Elm"), answers={2: first.id})
    assert (len(plan.changed), plan.added) == (1, ())
    db.session.refresh(first)
    assert (first.upn, first.status, first.class_name) == (a_upn(1), "on_roll", "Elm")
    plan = load(a_line(upn=a_upn(1)), a_line(upn=a_upn(2)))
    assert len(plan.added) == 1, "a child who is claimed by a UPN is not asked about"
    assert count() == 2


def test_a_no_makes_a_new_child_and_leaves_the_other() -> None:
    first = ada(upn=a_upn(2))
    plan = load(a_line(upn=a_upn(1)), answers={2: NEW})
    assert (len(plan.added), [leaver.pupil_id for leaver in plan.leavers]) == (1, [first.id])
    assert count() == 2


def test_while_nobody_has_said_the_child_is_neither_new_nor_a_leaver() -> None:
    ada(upn=a_upn(2))
    plan = look(a_line(upn=a_upn(1)))
    assert (plan.added, plan.changed, plan.leavers, len(plan.open_questions)) == ((), (), (), 1)
    assert "to be asked 1" in printable(plan)[0]
    assert look(a_line(upn=a_upn(1)), answers={2: NEW}).digest != plan.digest


@pytest.mark.parametrize("answers", [{3: NEW}, {2: 9_999}])
def test_an_answer_to_what_was_not_asked_is_refused(answers: dict[int, int]) -> None:
    ada(upn=a_upn(2))
    with pytest.raises(ImportRefused, match="Nobody asked this"):
        load(a_line(upn=a_upn(1)), answers=answers)
    assert count() == 1


def test_the_same_list_without_upns_comes_twice_and_nobody_is_asked() -> None:
    load(a_line(cls="Oak"), a_line(forename="Zoë", surname="Li", dob="01/02/2020"))
    plan = load(a_line(cls="Elm"), a_line(forename="Zoë", surname="Li", dob="01/02/2020"))
    assert (len(plan.changed), plan.same, plan.added, plan.questions) == (1, 1, (), ())


def test_twins_without_upns_are_asked_about_each_time() -> None:
    load(a_line(), a_line(forename="Ben"))
    plan = look(a_line(), a_line(forename="Ben"))
    assert [(question.row.forename, question.who.split(",")[0]) for question in plan.questions] == [
        ("Ada", "Ada Okafor"),
        ("Ben", "Ben Okafor"),
    ]


def test_a_twin_is_never_offered_for_the_other() -> None:
    ada(forename="Katherine", preferred_name="Kit", upn=None)
    ada(forename="Christopher", preferred_name="Topher", upn=None)
    plan = look(a_line(upn=a_upn(1), forename="Kit"), a_line(upn=a_upn(2), forename="Topher"))
    assert (len(plan.added), plan.questions) == (2, ())


@pytest.mark.parametrize(
    ("surname", "forename", "preferred"),
    [("Okafor", "Adaeze", "Ada"), ("OKAFOR", "ADA", ""), ("Ókafor", "Ada", ""), ("Oka-for", "ada", "")],
)
def test_a_name_written_otherwise_asks_too(surname: str, forename: str, preferred: str) -> None:
    pupil = ada(upn=None)
    (question,) = look(
        a_line(upn=a_upn(1), surname=surname, forename=forename, preferred=preferred)
    ).questions
    assert question.pupil_id == pupil.id


def test_another_name_and_a_final_upn_on_both_sides_are_two_children() -> None:
    ada(upn=a_upn(2), forename="Adaeze", preferred_name="Ada")
    assert look(a_line(upn=a_upn(1))).questions == ()


def test_another_birthday_is_another_child() -> None:
    ada(upn=None)
    plan = look(a_line(upn=a_upn(1), dob="06/10/2018"))
    assert (len(plan.added), plan.questions) == (1, ())


def test_two_children_alike_need_the_upn() -> None:
    ada()
    ada()
    with pytest.raises(ImportRefused, match=r"2 children on the roll have this name.*Give the UPN"):
        load(a_line(upn=a_upn(1)))


def test_two_lines_for_one_child_are_refused() -> None:
    pupil = ada(upn=a_upn(3))
    lines = (a_line(upn=a_upn(3)), a_line(upn=a_upn(1)))
    assert len(look(*lines).added) == 1
    lines = (a_line(upn=a_upn(1)), a_line(upn=a_upn(2), forename="ada"))
    with pytest.raises(ImportRefused, match="Two lines seem to be this one child"):
        look(*lines, answers={2: pupil.id, 3: pupil.id})
