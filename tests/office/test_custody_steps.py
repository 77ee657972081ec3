"""The school's own steps and clock: dated, in order, and followed by the alarms of their day alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.core import clock
from booking.core.db import unit_of_work
from booking.registers.custody_rules import (
    CannotSetCustody,
    CustodyRules,
    Step,
    custody_rules_on,
    read_steps,
    set_custody_rules,
    write_steps,
)
from tests.browser import Browser
from tests.builders import AT, a_user

DAY = clock.today(AT)
OWN = CustodyRules(
    not_here_minutes=5, not_here_steps=(Step(5, "Shout."),), nobody_came_steps=(Step(0, "Ring."),)
)


def _set(rules: CustodyRules, from_on: date) -> None:
    with unit_of_work():
        set_custody_rules(rules, from_on, at=AT, user_id=None)


def test_a_day_keeps_the_steps_that_held_on_it(app: Flask) -> None:
    assert custody_rules_on(DAY) == CustodyRules()
    _set(OWN, DAY + timedelta(days=1))
    assert custody_rules_on(DAY) == CustodyRules()
    assert custody_rules_on(DAY + timedelta(days=9)) == OWN


@pytest.mark.parametrize(
    ("rules", "from_on", "words"),
    [
        (OWN, DAY - timedelta(days=1), "today or later"),
        (CustodyRules(not_here_steps=()), DAY, "at least one step"),
        (CustodyRules(nobody_came_steps=(Step(5, "a"), Step(5, "b"))), DAY, "in the order"),
        (CustodyRules(not_here_minutes=4), DAY, "missed after 4 minutes"),
    ],
)
def test_steps_that_do_not_fit_together_are_refused(
    app: Flask, rules: CustodyRules, from_on: date, words: str
) -> None:
    with pytest.raises(CannotSetCustody, match=words):
        _set(rules, from_on)
    assert custody_rules_on(DAY) == CustodyRules()


@given(
    st.lists(
        st.tuples(st.integers(0, 240), st.text("abc ü9:.", min_size=1, max_size=30).filter(str.strip)),
        max_size=12,
    )
)
def test_steps_are_read_as_they_are_written(steps: list[tuple[int, str]]) -> None:
    known = tuple(Step(minutes, words.strip(" :.)")) for minutes, words in steps if words.strip(" :.)"))
    assert read_steps(write_steps(known)) == known


def test_a_line_that_is_no_step_is_named(app: Flask) -> None:
    with pytest.raises(CannotSetCustody, match="Ring the parents"):
        read_steps("0: Look\nRing the parents")


def test_the_office_sets_its_steps_on_one_page(app: Flask) -> None:
    browser = Browser(app).sign_in(a_user("manager"))
    page = browser.get("custody_rules.steps")
    assert "Ring children’s social care." in page.text
    today = clock.today()
    answers = {
        "from_on": f"{today.day}/{today.month}/{today.year}",
        "not_here_minutes": "10",
        "not_here_steps": "10: Look\n20: Ring",
        "way_minutes": "8",
        "closes_at": "6pm",
        "collect_minutes": "5",
        "nobody_came_steps": "0: Ring the parents",
    }
    wrong = browser.post("custody_rules.steps", answers | {"nobody_came_steps": "Ring"}, expect=422)
    assert "“Ring” is not a step." in wrong.text
    browser.post("custody_rules.steps", answers)
    assert "On the way between two sessions for 8 minutes" in browser.get("custody_rules.steps").text
