"""Retention: looked at before it is done, done daily after a person's yes, with proof, and never against a hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core.access_log import AccessEntry, access_problems, note_access, seal_access
from booking.core.chain import ChainDropped
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage, post
from booking.office.checks import all_problems
from booking.office.column_classes import retention_rules
from booking.office.retention import (
    RULES,
    CannotHold,
    apply_daily,
    apply_rules,
    confirm_rules,
    due,
    end_hold,
    hold,
)
from booking.office.retention_models import RetentionRun
from booking.people.group_facts import GroupFact
from booking.people.invitations import invite
from booking.people.models import CareProfile, Contact, Invitation, Pupil, SignInAttempt
from tests.builders import AT, a_care_profile, a_group_fact, a_pupil, a_user, save

LATER = AT + timedelta(days=800)


def counts(at: object = AT) -> dict[str, int]:
    found = {one.rule.name: len(one.ids) for one in due(at)}  # type: ignore[arg-type]
    db.session.rollback()
    return {name: count for name, count in found.items() if count}


def a_leaver(days_ago: int) -> Pupil:
    pupil = a_pupil(status="left", left_on=AT.date() - timedelta(days=days_ago))
    a_care_profile(pupil, medical="asthma")
    a_group_fact(pupil, "sen", "K")
    save(Contact(pupil_id=pupil.id, name="Nana", phone="01632 960500"))
    return pupil


def many(model: type) -> int:
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.rollback()
    return found or 0


def test_looking_changes_nothing(app: Flask) -> None:
    a_leaver(40)
    save(SignInAttempt(account_digest="d", address="a", at=AT - timedelta(days=31), succeeded=False))
    assert counts() == {"sign-in tries": 1, "care": 1}
    assert (many(CareProfile), many(SignInAttempt), many(RetentionRun)) == (1, 1, 0)


@pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
def test_care_of_a_leaver_goes_thirty_days_after(app: Flask, days: int, left: int) -> None:
    pupil = a_leaver(days)
    stays = a_pupil()
    a_care_profile(stays)
    with unit_of_work():
        apply_rules(at=AT, user_id=None)
    assert (many(CareProfile), many(Contact)) == (left + 1, left)
    assert db.session.get(Pupil, pupil.id) is not None, "the child stays, for places and marks point to them"
    assert many(GroupFact) == 1


def test_group_facts_go_a_year_after(app: Flask) -> None:
    a_leaver(366)
    with unit_of_work():
        apply_rules(at=AT, user_id=None)
    assert many(GroupFact) == 0


def test_a_contact_with_an_old_invitation_goes_without_a_trace_of_the_address(app: Flask) -> None:
    pupil = a_leaver(200)
    contact = db.session.scalars(select(Contact).where(Contact.pupil_id == pupil.id)).one()
    with unit_of_work():
        invite(
            "nana@families.example", "parent", at=AT - timedelta(days=150), by_user_id=None, contact=contact
        )
    with unit_of_work():
        apply_rules(at=AT, user_id=None)
    assert (many(Contact), many(Invitation)) == (0, 0)


def test_a_legal_hold_goes_before_every_rule(app: Flask) -> None:
    pupil, office = a_leaver(400), a_user("manager")
    with pytest.raises(CannotHold), unit_of_work():
        hold(pupil.id, " ", date(2027, 1, 1), at=AT, user_id=office.id)
    with pytest.raises(NotFound), unit_of_work():
        hold(999, "An inquiry", date(2027, 1, 1), at=AT, user_id=office.id)
    with unit_of_work():
        held = hold(pupil.id, "An inquiry", date(2027, 1, 1), at=AT, user_id=office.id)
    assert counts() == {}
    with unit_of_work():
        end_hold(held.id, at=AT, user_id=office.id)
    assert counts() == {"care": 1, "groups": 1}


def test_the_worker_waits_for_a_persons_yes_and_then_does_it_once_a_day(app: Flask) -> None:
    a_leaver(40)
    with unit_of_work():
        assert apply_daily(AT) == 0
    with unit_of_work():
        confirm_rules(at=AT, user_id=None)
    with unit_of_work():
        assert apply_daily(AT) == 1
    a_leaver(40)
    with unit_of_work():
        assert apply_daily(AT + timedelta(hours=1)) == 0
    with unit_of_work():
        assert apply_daily(AT + timedelta(days=1)) == 1
    proof = db.session.scalars(select(RetentionRun).where(RetentionRun.rule == "care")).all()
    assert [(one.rows, len(one.digest)) for one in proof] == [(1, 64), (1, 64)]


def test_old_letters_go_and_those_that_wait_stay(app: Flask) -> None:
    with unit_of_work():
        for number in range(2):
            post(
                key=f"k{number}",
                to_email="a@b.example",
                template="offer",
                context={},
                at=AT - timedelta(days=91),
            )
    with unit_of_work():
        first = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert first is not None
        first.sent_at, first.next_try_at = AT - timedelta(days=91), None
    with unit_of_work():
        apply_rules(at=AT, user_id=None)
    assert many(OutboxMessage) == 1


def test_the_access_log_goes_by_whole_months_and_the_check_stays_green(app: Flask) -> None:
    for at in (AT, AT + timedelta(days=790)):
        with unit_of_work():
            note_access([1], ["care"], act="view", reason="office", at=at, user_id=1)
    with unit_of_work():
        seal_access(LATER)
    with unit_of_work():
        apply_rules(at=LATER, user_id=None)
    assert (many(AccessEntry), many(ChainDropped)) == (1, 1)
    assert list(access_problems()) == []
    assert all_problems() == []


def test_every_rule_keeps_as_long_as_the_list_says() -> None:
    assert {rule.keeps for rule in RULES} <= set(retention_rules())
    assert len({rule.name for rule in RULES}) == len(RULES)
