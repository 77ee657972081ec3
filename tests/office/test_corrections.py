"""Rectification: a parent says what is wrong, the office answers within a month with a reason, and they are told."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.office.corrections import (
    CannotCorrect,
    Correction,
    a_month_on,
    ask_correction,
    decide_correction,
)
from tests.browser import Browser
from tests.builders import AT, a_family, a_pupil, a_school, a_user
from tests.people.separated import separated


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 11, 23), date(2026, 12, 23)),
        (date(2026, 12, 5), date(2027, 1, 5)),
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
    ],
)
def test_a_month_is_a_month(day: date, due: date) -> None:
    assert a_month_on(day) == due


def test_a_parent_says_it_and_the_office_answers(app: Flask) -> None:
    a_school()
    family = a_family()
    parent, office = Browser(app).sign_in(family.user), Browser(app).sign_in(a_user("manager"))
    parent.get("privacy.say_wrong")
    parent.post("privacy.say_wrong", {"about": "0", "wrong": "", "right": "x"}, expect=422)
    said = {"about": str(family.pupils[0].id), "wrong": "The birthday", "right": "6 October 2018"}
    assert "within a month" in parent.post("privacy.say_wrong", said, follow=True).text
    assert "says that something is wrong" in office.get("office.home").text
    assert family.user.name in office.get("privacy.corrections").text
    (made,) = db.session.scalars(select(Correction)).all()
    correction_id = made.id
    db.session.rollback()
    assert "6 October 2018" in office.get("privacy.correction", correction_id=correction_id).text
    office.post(
        "privacy.correction", {"answer": "yes", "reason": ""}, expect=422, correction_id=correction_id
    )
    office.post(
        "privacy.correction",
        {"answer": "no", "reason": "The certificate says 5"},
        correction_id=correction_id,
    )
    letter = db.session.scalars(select(OutboxMessage)).one()
    assert (letter.template, letter.to_email) == ("correction_answer", family.user.email)
    assert letter.context["reason"] == "The certificate says 5"
    office.get("privacy.correction", correction_id=correction_id, expect=404)


def test_only_of_ones_own_child_and_with_words(app: Flask) -> None:
    family, other = a_family(), a_pupil()
    for pupil_id, words, error in ((other.id, "x", NotFound), (family.pupils[0].id, " ", CannotCorrect)):
        with pytest.raises(error), unit_of_work():
            ask_correction(family.user, pupil_id, words, words, at=AT)


def test_a_restricted_adult_can_neither_ask_nor_answer(app: Flask) -> None:
    world = separated()
    with unit_of_work():
        made = ask_correction(world.other, world.child.id, "The name", "Kit", at=AT)
    world.restrict()
    with pytest.raises(NotFound), unit_of_work():
        ask_correction(world.adult, world.child.id, "The name", "Kit", at=AT)
    with pytest.raises(NotFound), unit_of_work():
        decide_correction(made.id, is_right=True, reason="Done", at=AT, by=world.adult)
