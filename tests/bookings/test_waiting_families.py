"""Waiting lists for families: parties all or none, quiet hours, the published order, being passed over, and ending."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.bookings.leaving import leave_by_letter, leave_token, read_leave_token
from booking.bookings.models import CapacityOverride, Place, WaitingEntry
from booking.bookings.offers import make_offers
from booking.bookings.order import in_order
from booking.bookings.policy import Policy, change_policy, current_policy
from booking.bookings.situations import load_situation
from booking.bookings.waiting_list import (
    OfferIsOver,
    accept_offer,
    entries_of,
    join_list,
    leave_list,
    stand_together,
)
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.provision.models import Session
from tests.builders import AT, Family, a_family, a_place, a_session, a_user, an_activity, save

WEDNESDAY = date(2026, 11, 25)
FAR = date(2026, 12, 9)


def full(on: date = FAR, **values: object) -> Session:
    """A session with one place, which is taken."""
    session = a_session(on, capacity=1, **values)  # type: ignore[arg-type]
    a_place(a_family(), session)
    return session


def wait(family: Family, session: Session, child: int = 0, at: datetime = AT) -> int:
    with unit_of_work():
        entry = join_list(
            family.pupils[child].id, session.id, account_id=family.account.id, at=at, user_id=family.user.id
        )
        return entry.id


def free(session: Session, number: int = 1) -> None:
    """So many places more."""
    save(CapacityOverride(session_id=session.id, extra=number, reason="a test", user_id=a_user().id, at=AT))


def offer(at: datetime = AT) -> int:
    with unit_of_work():
        return make_offers(at)


def states(*entries: int) -> list[str]:
    found = [db.session.get_one(WaitingEntry, entry).state for entry in entries]
    db.session.rollback()
    return found


def rules(**values: object) -> None:
    with unit_of_work():
        change_policy(Policy(**values), at=AT, user_id=None)  # type: ignore[arg-type]


def together(family: Family, *entries: int) -> None:
    with unit_of_work():
        stand_together(entries, account_id=family.account.id, at=AT)


def test_siblings_are_offered_both_places_or_none(app: Flask) -> None:
    family, session = a_family(children=2), full()
    first, second = wait(family, session), wait(family, session, 1)
    together(family, first, second)
    free(session)
    assert offer() == 0
    free(session)
    assert offer() == 2
    assert states(first, second) == ["offered", "offered"]
    with unit_of_work():
        assert accept_offer(first, account_id=family.account.id, at=AT, user_id=None) == 2
    assert states(first, second) == ["accepted", "accepted"]
    baskets = {
        place.basket_id
        for place in db.session.scalars(select(Place).where(Place.account_id == family.account.id))
    }
    assert len(baskets) == 1


def test_dates_that_hang_together_are_offered_together_and_declined_together(app: Flask) -> None:
    family, monday, tuesday = a_family(), full(FAR), full(FAR + timedelta(days=1))
    entries = wait(family, monday), wait(family, tuesday)
    together(family, *entries)
    free(monday)
    assert offer() == 0
    free(tuesday)
    assert offer() == 2
    with unit_of_work():
        leave_list(entries[0], account_id=family.account.id, at=AT, user_id=None)
    assert states(*entries) == ["left", "left"]
    live = db.session.scalars(
        select(Place).where(Place.account_id == family.account.id, Place.state == "held")
    ).all()
    assert live == []


def test_a_place_goes_past_a_party_only_so_often_and_each_time_is_recorded(app: Flask) -> None:
    rules(most_skips=1)
    session, party = full(), a_family(children=2)
    entries = wait(party, session), wait(party, session, 1)
    together(party, *entries)
    alone = [wait(a_family(), session) for _ in range(2)]
    free(session)
    assert offer() == 1
    assert states(*entries, *alone) == ["waiting", "waiting", "offered", "waiting"]
    assert [db.session.get_one(WaitingEntry, e).skipped for e in entries] == [1, 1]
    free(session)
    assert offer() == 0, "the place is kept until there are two"
    assert [db.session.get_one(WaitingEntry, e).skipped for e in entries] == [1, 1]
    free(session)
    assert offer() == 2
    assert states(*entries, *alone) == ["offered", "offered", "offered", "waiting"]


def test_a_free_place_belongs_to_the_list_while_somebody_on_it_fits(app: Flask) -> None:
    session, first, newcomer = full(), a_family(), a_family()
    entry = wait(first, session)
    free(session)

    def is_full() -> bool:
        situation = load_situation([newcomer.pupils[0].id], [session.id], AT)
        found = situation.is_full(session.id)
        db.session.rollback()
        return found

    assert is_full(), "nobody passes the list between the freeing and the offer"
    with unit_of_work() as open_session:
        open_session.get_one(WaitingEntry, entry).fits = False
    assert not is_full()


def test_it_opens_to_all_at_the_set_time_before_the_cut_off(app: Flask) -> None:
    session, newcomer = full(WEDNESDAY), a_family()
    wait(a_family(), session)
    free(session)
    cut_off = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    for hours, expected in ((25, True), (24, False), (1, False)):
        at = cut_off - timedelta(hours=hours)
        situation = load_situation([newcomer.pupils[0].id], [session.id], at)
        assert situation.is_full(session.id) == expected, hours
    db.session.rollback()


def test_whoever_cannot_go_is_passed_without_blocking_the_rest(app: Flask) -> None:
    session, busy, ready = full(), a_family(), a_family()
    entries = wait(busy, session), wait(ready, session)
    a_place(busy, a_session(FAR, starts_at=time(15, 0), ends_at=time(16, 0)))
    free(session)
    assert offer() == 1
    assert states(*entries) == ["waiting", "offered"]
    (standing,) = entries_of(busy.account.id, AT)
    assert "overlaps" in standing.why


def test_quiet_hours_delay_the_message_and_the_clock_but_not_the_place(app: Flask) -> None:
    night = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    session, family = full(), a_family()
    entry = wait(family, session)
    free(session)
    assert offer(night) == 1
    found = db.session.get_one(WaitingEntry, entry)
    seven = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert found.offer_ends_at == seven + timedelta(hours=12)
    letter = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "offer")).one()
    assert letter.next_try_at == seven
    place = db.session.get_one(Place, found.offered_place_id)
    assert (place.state, place.held_until) == ("held", seven + timedelta(hours=12))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.times(), st.times())
def test_nobody_is_written_to_in_quiet_hours_whatever_the_clocks_do(
    now: datetime, start: time, end: time
) -> None:
    start, end = (t.replace(second=0, microsecond=0) for t in (start, end))
    policy, at = Policy(quiet_from=start, quiet_until=end), now.replace(tzinfo=UTC, microsecond=0)
    heard = policy.heard_at(at)
    local = clock.to_school(heard).time().replace(tzinfo=None)
    is_quiet = start <= local < end if start < end else (local >= start or local < end)
    assert heard >= at
    assert heard - at <= timedelta(hours=25)
    assert (
        not is_quiet
        or start == end
        or (heard != at and clock.to_school(heard).time() == end)
        or _is_a_gap(heard)
    )


def _is_a_gap(heard: datetime) -> bool:
    """The hour that the clocks skip: the school's clock shows another hour than was asked for."""
    return clock.to_school(heard).date() in {date(2026, 3, 29), date(2027, 3, 28)}


def test_an_offer_that_nobody_takes_lapses_and_goes_to_the_next(app: Flask) -> None:
    session = full()
    first, second = wait(a_family(), session), wait(a_family(), session)
    free(session)
    offer()
    later = AT + timedelta(hours=13)
    assert offer(later) == 1
    assert states(first, second) == ["lapsed", "offered"]


def test_after_the_cut_off_nothing_is_offered(app: Flask) -> None:
    session = full(WEDNESDAY)
    entry = wait(a_family(), session)
    free(session)
    assert offer(datetime(2026, 11, 24, 18, 0, tzinfo=UTC)) == 0
    assert states(entry) == ["lapsed"]


def test_an_offer_ends_at_the_cut_off_at_the_latest(app: Flask) -> None:
    session, family = full(WEDNESDAY), a_family()
    entry = wait(family, session)
    free(session)
    at = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert offer(at) == 1
    assert db.session.get_one(WaitingEntry, entry).offer_ends_at == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    with pytest.raises(OfferIsOver), unit_of_work():
        accept_offer(entry, account_id=family.account.id, at=at + timedelta(hours=2), user_id=None)


def test_the_published_order_is_kept(app: Flask) -> None:
    session = full(activity_id=an_activity(kind="club").id)
    early, late, sibling = a_family(), a_family(), a_family(children=2)
    entries = [wait(early, session), wait(late, session), wait(sibling, session)]
    a_place(early, a_session(date(2026, 12, 1), activity_id=an_activity(kind="club").id))
    a_place(sibling, session, pupil=sibling.pupils[1])
    rows = db.session.scalars(select(WaitingEntry)).all()
    order = {
        rule: [row.id for row in in_order(rows, Policy(waiting_order=rule), AT)]
        for rule in ("joined", "siblings_first", "nothing_first")
    }
    db.session.rollback()
    assert order["joined"] == entries
    assert order["siblings_first"] == [entries[2], entries[0], entries[1]]
    assert order["nothing_first"] == [entries[1], entries[2], entries[0]]


def test_the_position_on_the_page_is_the_one_in_the_published_order(app: Flask) -> None:
    session = full(activity_id=an_activity(kind="club").id)
    early, late = a_family(), a_family()
    wait(early, session), wait(late, session)
    assert [s.position for s in entries_of(late.account.id, AT)] == [2]
    a_place(early, a_session(date(2026, 12, 1), activity_id=an_activity(kind="club").id))
    rules(waiting_order="nothing_first")
    assert [s.position for s in entries_of(late.account.id, AT)] == [1]
    assert current_policy().waiting_order == "nothing_first"


def test_only_ones_own_waiting_entries_can_be_put_together(app: Flask) -> None:
    session, family = full(), a_family()
    mine, theirs = wait(family, session), wait(a_family(), session)
    with pytest.raises(NotFound), unit_of_work():
        stand_together([mine, theirs], account_id=family.account.id, at=AT)


def test_a_link_in_the_letter_takes_that_child_off_and_no_other_link_does(app: Flask) -> None:
    session = full()
    entry, other = wait(a_family(), session), wait(a_family(), session)
    token = leave_token(entry, "a secret")
    with pytest.raises(NotFound):
        read_leave_token(token, "another secret")
    with pytest.raises(NotFound):
        read_leave_token(token[:-2] + "xx", "a secret")
    with unit_of_work():
        leave_by_letter(read_leave_token(token, "a secret"), at=AT)
    assert states(entry, other) == ["left", "waiting"]
