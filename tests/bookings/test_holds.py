"""Taking holds: all or what fits, every refusal with its reason, prices frozen, nothing half done."""

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from booking.bookings.basket_page import basket_view
from booking.bookings.baskets import NotYourChild, choose_week, keep_longer, open_basket
from booking.bookings.expiry import expire_overdue
from booking.bookings.grid import week_grid
from booking.bookings.holds import HoldIsOver, give_up, hold_for_payment, release_payment_hold
from booking.bookings.invariants import booking_problems
from booking.bookings.models import CapacityOverride, FreeForecast, Place, RequestFact
from booking.bookings.places import HoldResult, book_basket, take_holds
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.provision.models import Session
from tests.builders import AT, Family, a_family, a_pupil, a_run, a_session, a_user, an_activity, save

WEDNESDAY = date(2026, 11, 25)


def hold(family: Family, *sessions: Session, mode: str = "all", at: datetime = AT) -> HoldResult:
    """Choose and hold these sessions for the family's first child."""
    wanted = {(family.pupils[0].id, session.id) for session in sessions}
    with unit_of_work():
        basket = choose_week(family.account.id, wanted, wanted, at=at, user_id=family.user.id)
        return take_holds(basket.id, mode, at=at, user_id=family.user.id)  # type: ignore[arg-type]


def states() -> list[str]:
    """The states of all places, in order."""
    found = [place.state for place in db.session.query(Place).order_by(Place.id)]
    db.session.rollback()
    return found


def basket_of(family: Family) -> int:
    """The number of the family's open basket."""
    basket = open_basket(family.account.id)
    assert basket is not None
    number = basket.id
    db.session.rollback()
    return number


def test_a_hold_freezes_price_and_cut_off_and_lasts_fifteen_minutes(app: Flask) -> None:
    family, session = a_family(), a_session(WEDNESDAY)
    result = hold(family, session)
    assert (len(result.held), result.refused) == (1, [])
    place = db.session.query(Place).one()
    assert (place.state, place.price_pence) == ("held", 450)
    assert place.credit_until == datetime.fromisoformat("2026-11-24T18:00:00+00:00")
    assert place.held_until == AT + timedelta(minutes=15)


def test_all_takes_nothing_when_one_cannot_be_had_and_what_fits_takes_the_rest(app: Flask) -> None:
    family, open_one, full = a_family(), a_session(WEDNESDAY), a_session(date(2026, 11, 26), capacity=0)
    result = hold(family, open_one, full)
    assert (result.held, [r.reason for r in result.refused]) == ([], ["full"])
    assert states() == []
    assert hold(family, open_one, full, mode="what_fits").held == [(family.pupils[0].id, open_one.id)]
    view = basket_view(family.account.id, AT)
    assert (view.held_count, len(view.rows)) == (1, 2)
    facts = sorted(fact.what for fact in db.session.query(RequestFact))
    assert facts.count("turned_away") == 2
    assert facts.count("held") == 1


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("full", {"capacity": 0}),
        ("year_group", {"year_groups": ["R"]}),
        ("not_open", {"opens_at": AT + timedelta(days=1)}),
        ("closed", {"status": "draft"}),
        ("cut_off", {"closes_days_before": 3}),
    ],
)
def test_each_rule_refuses_with_words_that_name_child_session_and_reason(
    app: Flask, reason: str, values: dict[str, object]
) -> None:
    family = a_family()
    capacity = values.pop("capacity", 20)
    session = a_session(WEDNESDAY, run=a_run(**values), capacity=capacity)  # type: ignore[arg-type]
    (refusal,) = hold(family, session).refused
    assert refusal.reason == reason
    assert "Child 1" in refusal.words
    assert "Wed 25 Nov" in refusal.words
    assert states() == []


def test_a_session_that_has_begun_or_was_called_off_cannot_be_held(app: Flask) -> None:
    family = a_family()
    past, off = a_session(date(2026, 11, 20)), a_session(WEDNESDAY)
    with unit_of_work():
        db.session.get_one(Session, off.id).status = "called_off"
    assert {r.reason for r in hold(family, past, off).refused} == {"past", "called_off"}


def test_a_child_is_never_in_two_sessions_at_once_but_touching_ends_are_fine(app: Flask) -> None:
    family = a_family()
    club = a_session(WEDNESDAY)
    over = a_session(WEDNESDAY, starts_at=time(16, 0), ends_at=time(17, 0))
    after = a_session(WEDNESDAY, starts_at=time(16, 30), ends_at=time(18, 0))
    result = hold(family, club, over, after, mode="what_fits")
    assert {session for _, session in result.held} == {club.id, after.id}
    assert [r.reason for r in result.refused] == ["overlap"]


def test_another_familys_child_is_refused_and_the_basket_is_kept(app: Flask) -> None:
    family, stranger, session = a_family(), a_pupil(), a_session(WEDNESDAY)
    hold(family, session)
    wanted = {(stranger.id, session.id)}
    with pytest.raises(NotYourChild), unit_of_work():
        choose_week(family.account.id, wanted, wanted, at=AT, user_id=family.user.id)
    assert len(basket_view(family.account.id, AT).rows) == 1


def test_an_expired_hold_frees_its_place_for_the_next_family(app: Flask) -> None:
    first, second, session = a_family(), a_family(), a_session(WEDNESDAY, capacity=1)
    hold(first, session)
    assert [r.reason for r in hold(second, session).refused] == ["full"]
    later = AT + timedelta(minutes=16)
    assert len(hold(second, session, at=later).held) == 1
    assert states() == ["expired", "held"]
    basket = basket_of(first)
    with pytest.raises(HoldIsOver), unit_of_work():
        book_basket(basket, at=later, user_id=None)


def test_a_hold_that_is_over_is_not_booked_though_nobody_has_swept_it_up_yet(app: Flask) -> None:
    family = a_family()
    hold(family, a_session(WEDNESDAY))
    basket = basket_of(family)
    for minutes in (15, 16):
        with pytest.raises(HoldIsOver), unit_of_work():
            book_basket(basket, at=AT + timedelta(minutes=minutes), user_id=None)
    assert states() == ["held"]
    assert credit_pence(family.account.id) == 0


def test_a_hold_can_be_kept_longer_but_not_for_more_than_an_hour_in_all(app: Flask) -> None:
    family, session = a_family(), a_session(WEDNESDAY)
    hold(family, session)
    when, until = AT, AT + timedelta(minutes=15)
    for _ in range(8):
        when = min(when + timedelta(minutes=14), until - timedelta(seconds=1))
        with unit_of_work():
            until = keep_longer(family.account.id, at=when, user_id=None)
    assert until == AT + timedelta(minutes=60)


def test_a_try_in_which_nothing_was_held_does_not_start_the_hour(app: Flask) -> None:
    family, full = a_family(), a_session(WEDNESDAY, capacity=0)
    hold(family, full, mode="what_fits")
    free, later = a_session(date(2026, 11, 26)), AT + timedelta(hours=2)
    hold(family, free, mode="what_fits", at=later)
    basket = basket_of(family)
    with unit_of_work():
        book_basket(basket, at=later, user_id=None)
    assert states() == ["booked"]


def test_an_override_gives_one_more_place(app: Flask) -> None:
    session = a_session(WEDNESDAY, capacity=0)
    save(
        CapacityOverride(
            session_id=session.id, extra=1, reason="sibling", user_id=a_user("manager").id, at=AT
        )
    )
    assert len(hold(a_family(), session).held) == 1
    assert [r.reason for r in hold(a_family(), session).refused] == ["full"]
    assert booking_problems() == []


def test_booking_posts_the_price_once_and_writes_to_each_adult(app: Flask) -> None:
    family = a_family()
    hold(family, a_session(WEDNESDAY), a_session(date(2026, 11, 26)))
    basket = basket_of(family)
    with unit_of_work():
        book_basket(basket, at=AT, user_id=family.user.id)
    assert states() == ["booked", "booked"]
    assert credit_pence(family.account.id) == -900
    assert booking_problems() == []
    assert open_basket(family.account.id) is None


def test_a_paying_basket_is_held_without_an_end_and_comes_back_or_ends(app: Flask) -> None:
    family, session = a_family(), a_session(WEDNESDAY, capacity=1)
    hold(family, session)
    basket = basket_of(family)
    with unit_of_work():
        hold_for_payment(basket, at=AT)
    with unit_of_work():
        assert expire_overdue(AT + timedelta(hours=2)) == 0
    with unit_of_work():
        release_payment_hold(basket, at=AT + timedelta(minutes=20))
    with unit_of_work():
        hold_for_payment(basket, at=AT + timedelta(minutes=21))
    with unit_of_work():
        give_up(basket, at=AT + timedelta(minutes=60), user_id=None)
    assert states() == ["expired"]
    assert len(basket_view(family.account.id, AT).rows) == 1


def test_the_free_breakfast_is_told_and_never_full(app: Flask) -> None:
    activity = an_activity(kind="breakfast", is_free_slot=True)
    run = a_run(activity_id=activity.id, starts_at=time(8, 15), ends_at=time(8, 45), price_pence=0)
    session = a_session(WEDNESDAY, run=run, capacity=0)
    family = a_family()
    pair = {(family.pupils[0].id, session.id)}
    with unit_of_work():
        choose_week(family.account.id, pair, pair, at=AT, user_id=None)
    assert db.session.query(FreeForecast).count() == 1
    assert basket_view(family.account.id, AT).rows == []
    with unit_of_work():
        choose_week(family.account.id, set(), pair, at=AT, user_id=None)
    assert db.session.query(FreeForecast).count() == 0


def _statements(app: Flask, act: object) -> int:
    seen: list[str] = []

    def listen(conn: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        act()  # type: ignore[operator]
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    return len(seen)


def test_sixty_sessions_take_as_many_statements_as_five(app: Flask) -> None:
    counts = []
    days = [date(2026, 11, 25) + timedelta(days=n) for n in range(80)]
    for number in (5, 60):
        family, run = a_family(), a_run()
        pupil_id, account_id = family.pupils[0].id, family.account.id
        wanted = {(pupil_id, a_session(day, run=run).id) for day in days[:number]}

        def both(account_id: int = account_id, wanted: set[tuple[int, int]] = wanted) -> None:
            with unit_of_work():
                basket = choose_week(account_id, wanted, wanted, at=AT, user_id=None)
                assert len(take_holds(basket.id, "all", at=AT, user_id=None).held) == len(wanted)

        counts.append(_statements(app, both))
    assert counts[0] == counts[1]


def test_the_grid_takes_at_most_twelve_queries(app: Flask) -> None:
    family = a_family(children=3)
    for _ in range(4):
        run = a_run()
        for n in range(5):
            a_session(date(2026, 11, 23) + timedelta(days=n), run=run)
    account = family.account.id
    db.session.rollback()
    assert _statements(app, lambda: week_grid(account, date(2026, 11, 23), AT)) <= 12
