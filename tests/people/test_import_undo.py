"""What an import changed can be taken back exactly, unless somebody touched it since: then all of it stays."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.vault import use_keys
from booking.people.import_journal import KEPT_FOR
from booking.people.import_runs import MOVES, STATES, ImportChange, ImportRun
from booking.people.import_undo import CannotUndo, last_run_id, undo_run
from booking.people.invitations import invite
from booking.people.models import Contact, Guardianship, Pupil
from tests.builders import AT, a_family, a_group_fact, a_place, a_pupil, a_session, a_user, save
from tests.people.import_files import a_line, a_upn, load, whole_tables

pytestmark = pytest.mark.usefixtures("app")
JO = {"name": "Jo Okafor", "email": "jo@families.example"}


def undo(run_id: int | None = None) -> None:
    with unit_of_work():
        undo_run(run_id or last_run_id(), at=AT, user_id=None)


def ada_line(**values: Any) -> str:
    return a_line(**{"upn": a_upn(1), "cls": "Oak", "sen": "K", "fsm": "Y", **JO, **values})


def the_pupil(number: int = 1) -> Pupil:
    return db.session.scalars(select(Pupil).where(Pupil.upn == a_upn(number))).one()


def test_new_pupils_are_gone_again_and_the_run_says_so() -> None:
    before = whole_tables()
    run_id = load(ada_line()).run_id
    assert whole_tables() != before
    undo(run_id)
    assert whole_tables() == before
    run = db.session.get_one(ImportRun, run_id)
    assert (run.state, run.undone_at) == ("undone", AT)
    acts = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
    assert list(acts) == ["imported", "undone"]


def test_every_kind_of_change_comes_back() -> None:
    load(ada_line(), a_line(upn=a_upn(2), forename="Ben", sen="N", name="Sam", email="sam@families.example"))
    with unit_of_work():
        invite(JO["email"], "parent", at=AT, by_user_id=None, contact=the_pupil().contacts[0])
    before = whole_tables()
    load(
        ada_line(surname="Obi", cls="Elm", sen="E", fsm="N", name="Di Obi", email="di@families.example"),
        a_line(upn=a_upn(3), forename="Cy", surname="Li"),
        at=AT + timedelta(days=9),
    )
    after = whole_tables()
    assert {key[0] for key in before.keys() ^ after.keys()} == {
        "pupil",
        "contact",
        "invitation",
        "group_fact",
    }
    with unit_of_work():
        undo_run(last_run_id(), at=AT + timedelta(days=9), user_id=None)
    assert whole_tables() == before


def test_runs_are_taken_back_one_after_the_other_the_last_one_first() -> None:
    first = whole_tables()
    load(ada_line())
    second = whole_tables()
    load(ada_line(cls="Elm"))
    with pytest.raises(CannotUndo, match="Ada Okafor: the pupil’s own record"):
        undo(db.session.scalar(select(func.min(ImportRun.id))))
    undo()
    assert whole_tables() == second
    undo()
    assert whole_tables() == first
    with pytest.raises(NotFound):
        undo()


def _book() -> None:
    family = a_family()
    a_place(family, a_session(date(2026, 11, 25)), pupil=the_pupil())


def _guard() -> None:
    save(Guardianship(user_id=a_user().id, pupil_id=the_pupil().id, created_at=AT))


def _invite() -> None:
    with unit_of_work():
        invite(JO["email"], "parent", at=AT, by_user_id=None, contact=the_pupil().contacts[0])


def _rename() -> None:
    with unit_of_work():
        the_pupil().preferred_name = "Addy"


def _move_contact() -> None:
    with unit_of_work():
        the_pupil().contacts[0].phone = "07700 900009"


def _add_contact() -> None:
    save(Contact(pupil_id=the_pupil().id, given_by_id=a_user().id, name="Gran", phone="07700 900009"))


@pytest.mark.parametrize(
    ("touch", "words"),
    [
        (_book, "place"),
        (_guard, "guardianship"),
        (_invite, "an invitation"),
        (_rename, "the pupil’s own record"),
        (_move_contact, "a contact"),
        (_add_contact, "a contact"),
        (lambda: a_group_fact(the_pupil(), "young_carer", "yes"), "a group fact"),
    ],
)
def test_what_was_touched_since_is_named_and_nothing_is_taken_back(touch: Any, words: str) -> None:
    load(ada_line(), a_line(upn=a_upn(2), forename="Ben"))
    touch()
    before = whole_tables()
    with pytest.raises(CannotUndo, match=f"Ada O|Addy O.*{words}"):
        undo()
    assert whole_tables() == before
    assert db.session.get_one(ImportRun, last_run_id()).state == "applied"


def test_a_changed_pupil_may_be_booked_meanwhile() -> None:
    a_pupil(surname="Okafor", forename="Ada", upn=a_upn(1))
    load(ada_line(cls="Elm"))
    _book()
    undo()
    assert the_pupil().class_name == "Oak"


def test_a_number_that_is_in_use_meanwhile_is_told() -> None:
    pupil = a_pupil(surname="Okafor", forename="Ada", upn=a_upn(7))
    load(ada_line(), answers={2: pupil.id})
    a_pupil(upn=a_upn(7))
    with pytest.raises(CannotUndo, match="a UPN that it would bring back is in use"):
        undo()
    assert the_pupil().forename == "Ada"


def test_an_old_run_is_not_kept() -> None:
    load(ada_line())
    with pytest.raises(CannotUndo, match="92 days"), unit_of_work():
        undo_run(last_run_id(), at=AT + KEPT_FOR + timedelta(days=1), user_id=None)
    load(ada_line(cls="Elm"), at=AT + KEPT_FOR + timedelta(days=1))
    runs = set(db.session.scalars(select(ImportChange.run_id)))
    assert runs == {last_run_id()}


def test_what_stood_before_is_sealed_and_outlives_a_change_of_keys() -> None:
    load(ada_line())
    before = whole_tables()
    load(ada_line(surname="Obi", sen="E", name="Di Obi", email="di@families.example"))
    for sealed in db.session.scalars(select(ImportChange.sealed)):
        for phrase in (b"Okafor", b"jo@families", b'"K"', b"sen"):
            assert phrase not in sealed
    use_keys(["another key of the tests, long enough to be one"])
    with unit_of_work():
        for fact in db.session.scalars(select(ImportChange)):
            fact.seal_afresh()
    undo()
    assert whole_tables() == before


def test_a_state_moves_along_the_table_of_moves_alone() -> None:
    for old in STATES:
        for new in STATES:
            run = ImportRun(state=old)
            if (old, new) in MOVES:
                run.move(new)
            else:
                with pytest.raises(ValueError, match="cannot go"):
                    run.move(new)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_file_changes_comes_back(seed: int) -> None:
    dice = random.Random(seed)
    numbers = range(1, 13)

    def line(number: int) -> str:
        return (
            a_line(
                upn=a_upn(number),
                surname=dice.choice(["Okafor", "Obi", "Ali"]),
                forename=f"Child{number}",
                dob=f"{number:02d}/10/2018",
                preferred=dice.choice(["", "Addy"]),
                cls=dice.choice(["", "Oak", "Elm"]),
                year=dice.choice(["", "2", "3"]),
                sen=dice.choice(["", "N", "K", "E"]),
                fsm=dice.choice(["", "Y", "N", "targeted"]),
                name=dice.choice(["", "Jo", "Di"]),
                email=dice.choice(["jo@families.example", "di@families.example"]),
            )
            .replace(",,jo@families.example", ",,")
            .replace(",,di@families.example", ",,")
        )

    states, at = [whole_tables()], AT
    for _ in range(3):
        at += timedelta(days=dice.choice([0, 0, 40]))
        plan = load(*(line(n) for n in dice.sample(numbers, 8)), at=at)
        if plan.run_id:
            states.append(whole_tables())
    while len(states) > 1:
        assert whole_tables() == states.pop()
        with unit_of_work():
            undo_run(last_run_id(), at=at, user_id=None)
    assert whole_tables() == states[0]
