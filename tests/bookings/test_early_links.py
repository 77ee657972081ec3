"""The links of an early window: the same letter for all, one account each, withdrawn with a reason, no ground kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings import rules
from booking.bookings.early_grounds import GROUNDS
from booking.bookings.early_links import LinkIsOver, link_of, link_to, withdraw_link
from booking.bookings.early_models import EarlyAccess
from booking.bookings.early_windows import EarlyRefused
from booking.bookings.models import Place
from booking.bookings.situations import load_situation
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.people.group_facts import GroupFact
from booking.people.invitations import token_digest
from tests.bookings.early import (
    EARLY,
    IN_WINDOW,
    LESSON,
    OPENS,
    a_coming_run,
    a_manager,
    a_sent_window,
    a_window,
    reasons,
    send,
    try_for,
    use,
    who_came,
    with_premium,
)
from tests.builders import (
    AT,
    Family,
    a_session,
)


def _held(family: Family) -> int:
    count = (
        db.session.query(Place).filter(Place.account_id == family.account.id, Place.state == "held").count()
    )
    db.session.rollback()
    return count


def test_the_letters_are_the_same_for_all_and_leave_at_one_moment(app: Flask) -> None:
    _, _, families = a_sent_window()
    letters = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "early_booking")).all()
    assert {letter.user_id for letter in letters} == {family.user.id for family in families}
    assert {letter.next_try_at for letter in letters} == {AT}
    assert {frozenset(letter.context) for letter in letters} == {frozenset({"window_id", "account_id"})}
    rows = db.session.scalars(select(EarlyAccess)).all()
    assert len({row.token for row in rows}) == 5
    assert all(row.token_digest == token_digest(row.token) for row in rows)
    assert all(row.token.encode() not in row.sealed for row in rows)
    assert set(EarlyAccess.__table__.columns.keys()).isdisjoint({"ground", "grounds", "why"})
    assert {tuple(sorted(row.said())) for row in rows} == {("token",)}, "no ground is kept, sealed or open"


def test_links_go_once_and_not_when_letters_would_come_too_late(app: Flask) -> None:
    _, window_id, _ = a_sent_window()
    with pytest.raises(EarlyRefused, match="sent already"):
        send(window_id)
    late = a_coming_run()
    who_came(late, 3)
    second = a_window(late)
    with pytest.raises(EarlyRefused, match="would leave"):
        send(second, at=EARLY)


def test_links_do_not_go_when_too_few_have_a_ground_by_then(app: Flask) -> None:
    run = a_coming_run()
    who_came(run, 3)
    with_premium(2)
    window_id = a_window(run)
    with unit_of_work():
        db.session.query(GroupFact).delete()
    with pytest.raises(EarlyRefused, match="Too few"):
        send(window_id)
    assert db.session.query(OutboxMessage).count() == 0


def test_a_ground_that_is_lost_takes_no_link_away(app: Flask) -> None:
    run, window_id, families = a_sent_window()
    with unit_of_work():
        db.session.query(GroupFact).delete()
    use(families[4], window_id)
    assert reasons(families[4], run) == []


def test_a_link_is_for_its_own_account_and_says_nothing_to_another(app: Flask) -> None:
    _, window_id, families = a_sent_window()
    token = link_to(window_id, families[0].account.id, at=AT).rows[0].token
    assert link_of(token, {families[0].account.id}, at=AT).account.id == families[0].account.id
    for accounts in ({families[1].account.id}, set()):
        with pytest.raises(NotFound):
            link_of(token, accounts, at=AT)
    with pytest.raises(NotFound):
        link_of("unknown", {families[0].account.id}, at=AT)


def test_the_office_withdraws_one_link_with_a_reason_and_what_was_taken_stays(app: Flask) -> None:
    run, window_id, families = a_sent_window()
    for family in families[:2]:
        use(family, window_id)
    assert reasons(families[0], run) == []
    office = a_manager()
    with unit_of_work():
        link = link_to(window_id, families[0].account.id, at=IN_WINDOW)
        withdraw_link(link, "Sent to the wrong adult", at=IN_WINDOW, user_id=office)
    assert _held(families[0]) == 1
    second = a_session(LESSON + timedelta(days=1), run=run)
    assert [r.reason for r in try_for(families[0], second).refused] == ["not_open"]
    assert try_for(families[1], second).refused == []
    row = db.session.scalars(select(EarlyAccess).where(EarlyAccess.withdrawn_at.is_not(None))).one()
    assert row.reason == "Sent to the wrong adult"
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert actions >= {"early_window_made", "early_links_sent", "early_link_opened", "early_link_withdrawn"}
    with pytest.raises(LinkIsOver):
        use(families[0], window_id)


def _audit_words() -> Iterable[str]:
    return [str(entry.details) for entry in db.session.scalars(select(AuditEntry))]


def test_the_audit_trail_names_the_rule_and_no_childs_ground(app: Flask) -> None:
    _, window_id, families = a_sent_window()
    use(families[4], window_id)
    with_grounds = [words for words in _audit_words() if any(name in words for name in GROUNDS)]
    assert len(with_grounds) == 1, "the published rule alone"


def test_rules_reads_an_open_run_without_looking_for_links(app: Flask) -> None:
    """`opens_at` is asked only before the day; afterwards the rule costs nothing."""
    run, window_id, families = a_sent_window()
    use(families[0], window_id)
    situation = load_situation([families[0].pupils[0].id], [run.sessions[0].id], OPENS)
    assert situation.early == {}
    assert isinstance(situation, rules.Situation)
