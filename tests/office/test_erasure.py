"""Erasure: two people, nothing that tells who it was is left, and money, places and counts stay as they were."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import Base, db, unit_of_work
from booking.core.vault import sealed_models
from booking.ledger.arrears import add_note
from booking.ledger.balances import credit_of_all
from booking.ledger.plans import Part, agree_plan
from booking.office.checks import all_problems
from booking.office.erasure import CannotErase, ask_erasure, confirm_erasure
from booking.office.retention import hold
from booking.payments.decision_models import MoneyDecision
from booking.payments.decisions import Wish, ask_for, decide
from booking.payments.office_till import take_office_payment
from booking.people.models import Guardianship, Pupil, User
from tests.browser import Browser
from tests.builders import AT, a_user
from tests.people.separated import SECRETS, Separated, separated


def everything() -> str:
    """Every value of every table as text, sealed ones opened: what is in the database at all."""
    found = [
        str(tuple(row)) for table in Base.metadata.sorted_tables for row in db.session.execute(select(table))
    ]
    for model in sealed_models():
        found += [str(one.said()) for one in db.session.scalars(select(model))]
    db.session.rollback()
    return "\n".join(found)


def leaves(world: Separated) -> None:
    with unit_of_work():
        for pupil in (world.child, world.sibling):
            db.session.get_one(Pupil, pupil.id).status = "left"
            db.session.get_one(Pupil, pupil.id).left_on = AT.date()
    db.session.expire_all()


def erase(world: Separated, **about: int) -> None:
    with unit_of_work():
        made = ask_erasure(**about, reason="The family wrote on 20 November", at=AT, by=world.asks.id)
    with unit_of_work():
        confirm_erasure(made.id, at=AT, by=world.confirms)


def test_a_child_is_erased_and_everything_stays_true(app: Flask) -> None:
    world = separated()
    leaves(world)
    before, balances = all_problems(), credit_of_all()
    secrets = [word for word in SECRETS[:6] if word in everything()]
    assert secrets, "there was something to erase"
    erase(world, pupil_id=world.child.id)
    text = everything()
    assert [word for word in (*SECRETS[:6], *SECRETS[9:12]) if word in text] == []
    assert (all_problems(), credit_of_all()) == (before, balances)
    assert db.session.get_one(Pupil, world.child.id).date_of_birth.year == 2017


def test_an_adult_is_erased_once_the_money_is_settled(app: Flask) -> None:
    world = separated()
    leaves(world)
    with pytest.raises(CannotErase, match="money"), unit_of_work():
        ask_erasure(user_id=world.other.id, reason="Asked", at=AT, by=world.asks.id)
    account = world.other.accounts[0]
    owed = -credit_of_all()[account.id]
    db.session.rollback()
    with unit_of_work():
        take_office_payment(account.id, owed, at=AT, user_id=world.asks.id)
    before, balances = all_problems(), credit_of_all()
    erase(world, user_id=world.other.id)
    text = everything()
    assert [word for word in SECRETS[6:12] if word in text] == []
    assert (all_problems(), credit_of_all()) == (before, balances)
    assert not db.session.get_one(User, world.other.id).active


def test_a_child_on_the_roll_or_on_hold_and_an_adult_with_a_child_are_not_erased(app: Flask) -> None:
    world = separated()
    for about, words in (
        ({"pupil_id": world.child.id}, "on the roll"),
        ({"user_id": world.other.id}, "a child here"),
    ):
        with pytest.raises(CannotErase, match=words), unit_of_work():
            ask_erasure(**about, reason="Asked", at=AT, by=world.asks.id)
    leaves(world)
    with unit_of_work():
        hold(world.child.id, "An inquiry", AT.date(), at=AT, user_id=world.asks.id)
    with pytest.raises(CannotErase, match="legal hold"), unit_of_work():
        ask_erasure(pupil_id=world.child.id, reason="Asked", at=AT, by=world.asks.id)


def test_one_person_alone_erases_nothing(app: Flask) -> None:
    world = separated()
    leaves(world)
    with unit_of_work():
        world.asks.approves = True
        made = ask_erasure(pupil_id=world.child.id, reason="Asked", at=AT, by=world.asks.id)
    for person in (world.asks, a_user("manager")):
        with pytest.raises(CannotErase, match="second person"), unit_of_work():
            confirm_erasure(made.id, at=AT, by=person)
    assert db.session.get_one(Pupil, world.child.id).forename == "Kittiwake"


def test_it_is_asked_and_confirmed_on_screen(app: Flask) -> None:
    world = separated()
    leaves(world)
    asks, confirms = Browser(app).sign_in(world.asks), Browser(app).sign_in(world.confirms)
    assert "Contact" in asks.get("office.erase_child", pupil_id=world.child.id).text
    asks.post("office.erase_child", {"reason": ""}, expect=422, pupil_id=world.child.id)
    asks.post("office.erase_child", {"reason": "A letter"}, pupil_id=world.child.id)
    assert "Another person" in asks.get("office.erasures").text
    page = confirms.get("office.erasures")
    assert "Yes, erase it now" in page.text
    confirms.post("office.confirm_erasing", request_id=1)
    assert db.session.get_one(Pupil, world.child.id).surname == "Removed"
    assert db.session.scalars(select(Guardianship).where(Guardianship.pupil_id == world.child.id)).all() == []


def test_what_was_noted_of_a_debt_goes_with_the_adult(app: Flask) -> None:
    """Notes, with whom a plan was agreed, and reasons: the words go, that money moved stays."""
    world = separated()
    leaves(world)
    account_id = world.other.accounts[0].id
    owed = -credit_of_all()[account_id]
    db.session.rollback()
    with unit_of_work():
        agree_plan(account_id, [Part(AT.date(), owed)], "Kestrelling", at=AT, user_id=None)
    with unit_of_work():
        add_note(account_id, "hardship", "Kestrelling lost the job", None, at=AT, user_id=None)
        wish = Wish("form", "write_off", account_id, owed, "Kestrelling is gone")
        decision = ask_for(wish, at=AT, by=db.session.get_one(User, world.asks.id))
    with unit_of_work():
        decide(decision.id, True, at=AT, by=db.session.get_one(User, world.confirms.id))
    assert "Kestrelling" in everything()
    before = all_problems()
    erase(world, user_id=world.other.id)
    assert "Kestrelling" not in everything()
    assert all_problems() == before
    assert db.session.get_one(MoneyDecision, decision.id).amount_pence == owed
