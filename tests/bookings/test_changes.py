"""What the school changes after families have booked: nobody loses a penny, nobody is sent out, everybody is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.baskets import choose_week
from booking.bookings.change_models import ChangeNotice, SchoolChange
from booking.bookings.changes import (
    ChangeRefused,
    call_off,
    close_day,
    cut_capacity,
    leavers_with_places,
    move_session,
    release_leaver,
    who_would_go,
)
from booking.bookings.invariants import booking_problems
from booking.bookings.models import BasketLine, CapacityOverride, Place, RequestFact, WaitingEntry
from booking.bookings.notices import answer_notice, notices_of, to_ring
from booking.bookings.offers import make_offers
from booking.bookings.places import book_basket, take_holds
from booking.bookings.waiting_list import join_list
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence, ledger_problems
from booking.office.leavers import leave_roll
from booking.provision.models import Session
from tests.builders import AT, Family, a_basket, a_family, a_place, a_session, a_user, an_activity, save

WEDNESDAY = date(2026, 11, 25)
TWO = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


def buy(family: Family, *sessions: Session, child: int = 0, at: datetime = AT) -> int:
    """Book these for a family, in the ledger as well; the basket's id."""
    basket = a_basket(family.account, state="open", booked_at=None)
    pairs = [(family.pupils[child].id, session.id) for session in sessions]
    save(*(BasketLine(basket_id=basket.id, pupil_id=p, session_id=s) for p, s in pairs))
    with unit_of_work():
        assert take_holds(basket.id, "all", at=at, user_id=family.user.id).refused == []
    with unit_of_work():
        book_basket(basket.id, at=at, user_id=family.user.id)
    return basket.id


def place_of(family: Family, session: Session, child: int = 0) -> Place:
    query = select(Place).where(
        Place.pupil_id == family.pupils[child].id, Place.session_id == session.id, Place.state == "booked"
    )
    return db.session.scalars(query).one()


def all_well() -> None:
    assert booking_problems() == []
    assert ledger_problems() == []


def test_a_closed_day_gives_all_back_and_tells_everyone_once(app: Flask) -> None:
    office, one, two = a_user("manager"), a_family(2), a_family()
    club, care = a_session(WEDNESDAY), a_session(WEDNESDAY, starts_at=time(16, 30), ends_at=time(18, 0))
    other_day = a_session(date(2026, 11, 26))
    buy(one, club, care, other_day)
    buy(one, club, child=1)
    buy(two, club)
    paid = -credit_pence(one.account.id)
    with unit_of_work():
        changed, sessions = close_day(WEDNESDAY, "Snow", at=AT, user_id=office.id)
    assert (changed.places, changed.families) == (4, 2)
    assert {session.status for session in sessions} == {"called_off"}
    assert -credit_pence(one.account.id) == other_day.run.price_pence == paid // 4
    assert credit_pence(two.account.id) == 0
    assert place_of(one, other_day).state == "booked"
    letters = db.session.scalars(
        select(OutboxMessage.user_id).where(OutboxMessage.template == "change")
    ).all()
    assert sorted(letters) == sorted([one.user.id, two.user.id])
    reasons = db.session.scalars(select(RequestFact.reason).where(RequestFact.what == "cancelled")).all()
    assert reasons == ["school_closed"] * 4
    all_well()


def test_a_day_that_is_over_cannot_be_closed(app: Flask) -> None:
    with pytest.raises(ChangeRefused), unit_of_work():
        close_day(date(2026, 11, 20), "Snow", at=AT, user_id=a_user("manager").id)
    assert db.session.scalar(select(func.count()).select_from(SchoolChange)) == 0


def test_holds_and_offers_of_a_closed_day_go_too(app: Flask) -> None:
    family, waiting = a_family(), a_family()
    session, full = (
        a_session(WEDNESDAY),
        a_session(WEDNESDAY, capacity=1, starts_at=time(7, 45), ends_at=time(8, 30)),
    )
    basket = a_basket(family.account, state="open", booked_at=None)
    save(BasketLine(basket_id=basket.id, pupil_id=family.pupils[0].id, session_id=session.id))
    with unit_of_work():
        take_holds(basket.id, "all", at=AT, user_id=None)
    a_place(a_family(), full)
    with unit_of_work():
        join_list(waiting.pupils[0].id, full.id, account_id=waiting.account.id, at=AT, user_id=None)
    save(CapacityOverride(session_id=full.id, extra=1, reason="a test", user_id=a_user().id, at=AT))
    with unit_of_work():
        assert make_offers(AT) == 1
    with unit_of_work():
        close_day(WEDNESDAY, "Snow", at=AT, user_id=a_user("manager").id)
    assert db.session.scalars(select(WaitingEntry.state)).one() == "lapsed"
    assert db.session.scalar(select(func.count()).select_from(BasketLine)) == 0
    assert set(db.session.scalars(select(Place.state))) == {"cancelled"}
    all_well()


def test_a_coach_is_ill_and_every_child_has_somewhere_to_be(app: Flask) -> None:
    """No care: a free place there, beyond the usual number; care already: their own place; a clash: to be rung."""
    office = a_user("manager")
    club = a_session(WEDNESDAY, starts_at=time(15, 30), ends_at=time(16, 30))
    care = a_session(
        WEDNESDAY,
        activity=an_activity(kind="extended_care"),
        starts_at=time(15, 30),
        ends_at=time(18, 0),
        capacity=1,
    )
    late = a_session(
        WEDNESDAY, activity=an_activity(kind="extended_care"), starts_at=time(16, 30), ends_at=time(18, 0)
    )
    choir = a_session(WEDNESDAY, starts_at=time(16, 35), ends_at=time(17, 30))
    plain, has_late, has_choir = a_family(), a_family(), a_family()
    buy(plain, club)
    buy(has_late, club, late)
    buy(has_choir, club, choir)
    buy(a_family(), care)
    with unit_of_work():
        changed = call_off(club.id, "The coach is ill", fallback_id=care.id, at=TWO, user_id=office.id)
    assert (changed.places, changed.families) == (3, 3)
    goes_to = {n.account_id: n.fallback for n in db.session.scalars(select(ChangeNotice))}
    given = goes_to[plain.account.id]
    assert given is not None
    assert (given.session_id, given.state, given.price_pence) == (care.id, "booked", 0)
    own = goes_to[has_late.account.id]
    assert own is not None
    assert own.id == place_of(has_late, late).id
    assert goes_to[has_choir.account.id] is None
    override = db.session.scalars(select(CapacityOverride)).one()
    assert (override.session_id, override.extra, override.user_id) == (care.id, 1, office.id)
    assert credit_pence(plain.account.id) == 0
    change = db.session.get_one(SchoolChange, changed.change_id)
    assert next(n.account_id for n in to_ring(change)) == has_choir.account.id
    all_well()


def test_an_unread_message_sends_nobody_out(app: Flask) -> None:
    """The child stays in care until an adult says "collected"; only then is the free place let go."""
    club, care = _club_and_care()
    family = a_family()
    buy(family, club)
    _call_off(club, care)
    assert place_of(family, care).state == "booked"
    (notice,) = notices_of(family.account.id, TWO)
    with pytest.raises(ChangeRefused), unit_of_work():
        answer_notice(notice, "read", at=TWO, user_id=family.user.id)
    with unit_of_work():
        answer_notice(notice, "stays", at=TWO, user_id=family.user.id)
    assert place_of(family, care).state == "booked", "only “collected” takes a child out of care"
    assert notices_of(family.account.id, TWO) == []
    with unit_of_work():
        answer_notice(notice, "collected", at=TWO, user_id=family.user.id, channel="phone")
    states = db.session.scalars(select(Place.state).where(Place.session_id == care.id)).all()
    assert states == ["cancelled"]
    with pytest.raises(ChangeRefused), unit_of_work():
        answer_notice(notice, "stays", at=TWO, user_id=family.user.id)
    all_well()


def test_collected_cannot_be_said_once_it_has_begun(app: Flask) -> None:
    club, care = _club_and_care()
    family = a_family()
    buy(family, club)
    _call_off(club, care)
    (notice,) = notices_of(family.account.id, TWO)
    with pytest.raises(ChangeRefused, match="too late"), unit_of_work():
        answer_notice(notice, "collected", at=TWO + timedelta(hours=2), user_id=family.user.id)
    assert place_of(family, care).state == "booked"


def test_a_paid_place_in_care_is_never_let_go_by_an_answer(app: Flask) -> None:
    club, care = _club_and_care(late=True)
    family = a_family()
    buy(family, club, care)
    _call_off(club, care)
    (notice,) = notices_of(family.account.id, TWO)
    with unit_of_work():
        answer_notice(notice, "collected", at=TWO, user_id=family.user.id)
    assert place_of(family, care).price_pence == care.run.price_pence


def _club_and_care(late: bool = False) -> tuple[Session, Session]:
    care = an_activity(kind="extended_care")
    return (
        a_session(WEDNESDAY, starts_at=time(15, 30), ends_at=time(16, 30)),
        a_session(
            WEDNESDAY, activity=care, starts_at=time(16, 30) if late else time(15, 30), ends_at=time(18, 0)
        ),
    )


def _call_off(club: Session, care: Session) -> None:
    with unit_of_work():
        call_off(club.id, "The coach is ill", fallback_id=care.id, at=TWO, user_id=a_user("manager").id)


def test_a_session_is_called_off_once_and_only_with_a_fallback_of_that_day(app: Flask) -> None:
    club, care = _club_and_care()
    other_day = a_session(date(2026, 11, 26))
    for wrong in (other_day, club):
        with pytest.raises(ChangeRefused, match="not on that day"):
            _call_off(club, wrong)
    assert db.session.get_one(Session, club.id).status == "planned"
    _call_off(club, care)
    with pytest.raises(ChangeRefused, match="called off already"):
        _call_off(club, care)


def test_fewer_places_ask_the_last_who_came_and_nobody_unseen(app: Flask) -> None:
    office, session = a_user("manager"), a_session(WEDNESDAY, capacity=3)
    families = [a_family() for _ in range(3)]
    for number, family in enumerate(families):
        buy(family, session, at=AT + timedelta(minutes=number))
    shown = {place.id for place in who_would_go(session.id, 1)}
    assert shown == {place_of(family, session).id for family in families[1:]}
    with pytest.raises(ChangeRefused, match="meanwhile"), unit_of_work():
        cut_capacity(session.id, 1, "A smaller room", expected=set(), at=AT, user_id=office.id)
    with unit_of_work():
        cut_capacity(session.id, 1, "A smaller room", expected=shown, at=AT, user_id=office.id)
    assert [credit_pence(f.account.id) for f in families] == [-session.run.price_pence, 0, 0]
    assert db.session.get_one(Session, session.id).capacity == 1
    all_well()


def test_more_places_send_nobody_away(app: Flask) -> None:
    office, session, family = a_user("manager"), a_session(WEDNESDAY, capacity=1), a_family()
    buy(family, session)
    with unit_of_work():
        changed = cut_capacity(session.id, 5, "A bigger room", expected=[], at=AT, user_id=office.id)
    assert (changed.places, changed.families) == (0, 0)
    assert place_of(family, session)


def test_a_moved_session_lets_go_whoever_has_something_else_then(app: Flask) -> None:
    office = a_user("manager")
    session = a_session(WEDNESDAY, starts_at=time(15, 30), ends_at=time(16, 30))
    other = a_session(WEDNESDAY, starts_at=time(16, 30), ends_at=time(17, 30))
    free, busy = a_family(), a_family()
    buy(free, session)
    buy(busy, session, other)
    with unit_of_work():
        move_session(session.id, time(16, 0), time(17, 0), "The hall is taken", at=AT, user_id=office.id)
    kept = place_of(free, session)
    assert kept.credit_until == datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    assert -credit_pence(busy.account.id) == other.run.price_pence
    assert len(notices_of(free.account.id, AT)) == len(notices_of(busy.account.id, AT)) == 1
    all_well()


def test_a_child_who_left_loses_coming_places_after_an_hour(app: Flask) -> None:
    family, session = a_family(), a_session(WEDNESDAY)
    buy(family, session)
    with unit_of_work():
        assert leave_roll(family.pupils[0].id, AT.date(), at=AT, user_id=None) == 1
    assert leavers_with_places(AT + timedelta(minutes=59)) == []
    later = AT + timedelta(hours=1)
    assert leavers_with_places(later) == [(family.pupils[0].id, AT.date())]
    with unit_of_work():
        assert release_leaver(family.pupils[0].id, AT.date(), at=later, user_id=None) == 1
    assert leavers_with_places(later) == []
    assert credit_pence(family.account.id) == 0
    all_well()


def test_what_was_chosen_for_a_child_who_left_does_not_stand_in_the_way_of_the_others(app: Flask) -> None:
    family, full, club = a_family(2), a_session(WEDNESDAY, capacity=0), a_session(date(2026, 11, 26))
    leaver, stays = (pupil.id for pupil in family.pupils)
    basket = a_basket(family.account, state="open", booked_at=None)
    save(*(BasketLine(basket_id=basket.id, pupil_id=leaver, session_id=one.id) for one in (full, club)))
    with unit_of_work():
        take_holds(basket.id, "what_fits", at=AT, user_id=None)
    with unit_of_work():
        leave_roll(leaver, AT.date(), at=AT, user_id=None)
    with unit_of_work():
        wanted = [(stays, club.id)]
        chosen = choose_week(family.account.id, wanted, wanted, at=AT, user_id=family.user.id)
        assert take_holds(chosen.id, "all", at=AT, user_id=family.user.id).held == wanted
    states = dict(db.session.execute(select(Place.pupil_id, Place.state)).all())
    assert states == {leaver: "cancelled", stays: "held"}
    all_well()
