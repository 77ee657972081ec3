"""Preference rounds: rules first, a sealed seed, places kept for whoever got them, and a replay that notices."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings.invariants import booking_problems
from booking.bookings.matching import commitment
from booking.bookings.models import Place, RequestFact, WaitingEntry
from booking.bookings.offers import make_offers
from booking.bookings.round_models import Preference, PreferenceRound
from booking.bookings.round_results import publish, replay, what_if
from booking.bookings.rounds import RoundDetails, RoundRefused, announce, grounds_of, rank
from booking.bookings.situations import load_situation
from booking.bookings.waiting_list import accept_offer, entries_of
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.ledger.balances import credit_pence
from booking.people.models import Guardianship
from booking.provision.models import Run
from tests.bookings.test_changes import buy
from tests.builders import AT, Family, a_family, a_group_fact, a_run, a_session, a_user, save

MONDAY, TUESDAY = date(2026, 12, 7), date(2026, 12, 8)
CLOSES = AT + timedelta(days=7)
AFTER = CLOSES + timedelta(minutes=1)
CRITERIA = ("ehcp", "pupil_premium")


def a_club(weekday: int = 0, places: int = 1, weeks: int = 2, on: date | None = None) -> Run:
    """An open run on one weekday with so many weeks of sessions."""
    run = a_run(weekdays=[weekday], capacity=places)
    first = on or MONDAY + timedelta(days=weekday)
    for week in range(weeks):
        a_session(first + timedelta(weeks=week), run=run, capacity=places)
    return run


def a_round(*runs: Run, at: datetime = AT, closes_at: datetime = CLOSES, **values: object) -> int:
    with unit_of_work():
        details = RoundDetails(
            name="Spring clubs",
            period_id=runs[0].period_id,
            run_ids=tuple(run.id for run in runs),
            opens_at=at,
            closes_at=closes_at,
            **{"criteria": CRITERIA, **values},  # type: ignore[arg-type]
        )
        return announce(details, at=at, user_id=a_manager()).id


def a_manager() -> int:
    return a_user("manager").id


def want(family: Family, round_id: int, *runs: Run, child: int = 0, at: datetime = AT) -> None:
    with unit_of_work():
        rank(
            round_id,
            family.pupils[child].id,
            [run.id for run in runs],
            account_id=family.account.id,
            at=at,
            user_id=family.user.id,
        )


def draw(round_id: int, at: datetime = AFTER) -> None:
    with unit_of_work():
        publish(round_id, at=at, user_id=a_manager())


def got(family: Family, child: int = 0) -> list[int]:
    query = select(Preference.got).where(Preference.pupil_id == family.pupils[child].id)
    return list(db.session.scalars(query).one() or [])


def test_a_run_in_a_round_is_not_booked_directly_until_the_result_is_out(app: Flask) -> None:
    family, club = a_family(), a_club()
    round_id = a_round(club)
    session = club.sessions[0]
    situation = load_situation([family.pupils[0].id], [session.id], AT)
    refusal = situation.why_not(family.pupils[0].id, session.id, family.account.id)
    assert refusal is not None
    assert refusal.reason == "in_round"
    draw(round_id)
    situation = load_situation([family.pupils[0].id], [session.id], AFTER)
    assert situation.why_not(family.pupils[0].id, session.id, family.account.id) is None


def test_the_seed_is_sealed_until_the_result_and_the_commitment_is_not(app: Flask) -> None:
    round_id = a_round(a_club())
    one = db.session.get_one(PreferenceRound, round_id)
    seed = one.seed
    assert one.open_seed is None
    assert one.commitment == commitment(seed)
    assert seed.encode() not in one.sealed
    draw(round_id)
    assert db.session.get_one(PreferenceRound, round_id).open_seed == seed


def test_who_gets_a_club_has_every_session_kept_and_says_yes_once(app: Flask) -> None:
    family, other, club = a_family(), a_family(), a_club(places=1)
    round_id = a_round(club)
    want(family, round_id, club)
    want(other, round_id, club)
    draw(round_id)
    winner, loser = (family, other) if got(family) else (other, family)
    assert got(winner) == [club.id]
    assert got(loser) == []
    held = db.session.scalars(select(Place).where(Place.state == "held")).all()
    assert {place.account_id for place in held} == {winner.account.id}
    assert len(held) == 2
    entry = entries_of(winner.account.id, AFTER)[0].entry
    with unit_of_work():
        assert accept_offer(entry.id, account_id=winner.account.id, at=AFTER, user_id=None) == 2
    assert credit_pence(winner.account.id) == -2 * club.price_pence
    assert {standing.entry.state for standing in entries_of(loser.account.id, AFTER)} == {"waiting"}
    assert booking_problems() == []


def test_a_place_that_nobody_confirms_goes_to_the_next_in_the_draw(app: Flask) -> None:
    families, club = [a_family() for _ in range(3)], a_club(places=1)
    round_id = a_round(club, confirm_hours=24)
    for family in families:
        want(family, round_id, club)
    draw(round_id)
    order = db.session.scalars(
        select(WaitingEntry.account_id)
        .where(WaitingEntry.state == "waiting")
        .order_by(WaitingEntry.joined_at, WaitingEntry.id)
    ).all()
    with unit_of_work():
        make_offers(AFTER + timedelta(hours=25))
    offered = set(db.session.scalars(select(WaitingEntry.account_id).where(WaitingEntry.state == "offered")))
    assert offered == {order[0]}


def test_published_grounds_go_before_the_draw_and_ethnicity_is_never_read(app: Flask) -> None:
    families, club = [a_family() for _ in range(5)], a_club(places=1)
    premium = families[3]
    a_group_fact(premium.pupils[0], "pupil_premium", "yes")
    for family in families:
        a_group_fact(family.pupils[0], "ethnicity", "WBRI")
    assert grounds_of([premium.pupils[0].id], AT) == {premium.pupils[0].id: ["pupil_premium"]}
    round_id = a_round(club)
    for family in families:
        want(family, round_id, club)
    draw(round_id)
    assert [bool(got(family)) for family in families] == [False, False, False, True, False]


def test_brothers_and_sisters_and_who_comes_already_are_known(app: Flask) -> None:
    family, lone = a_family(2), a_family()
    came = a_session(date(2026, 11, 20))
    buy(lone, came, at=AT - timedelta(days=10))
    ids = [family.pupils[0].id, lone.pupils[0].id]
    assert grounds_of(ids, AT) == {ids[0]: ["sibling"], ids[1]: ["present"]}


def test_two_clubs_of_one_weekday_are_never_both_given(app: Flask) -> None:
    family, one, two, three = a_family(), a_club(0), a_club(0), a_club(1)
    round_id = a_round(one, two, three, most=2)
    want(family, round_id, one, two, three)
    draw(round_id)
    assert got(family) == [one.id, three.id]


def test_a_replay_agrees_and_notices_one_changed_line(app: Flask) -> None:
    families, club = [a_family() for _ in range(4)], a_club(places=2)
    round_id = a_round(club)
    for family in families:
        want(family, round_id, club)
    with pytest.raises(RoundRefused):
        replay(round_id)
    draw(round_id)
    found = replay(round_id)
    assert (found.is_committed, found.is_same, found.children, found.nothing) == (True, True, 4, 2)
    with unit_of_work():
        lucky = next(p for p in db.session.scalars(select(Preference)) if not p.got)
        lucky.got = [club.id]
    assert replay(round_id).is_same is False
    with unit_of_work():
        db.session.get_one(PreferenceRound, round_id).open_seed = "another seed"
    assert replay(round_id).is_committed is False


def test_trial_draws_do_not_tell_the_result_and_show_what_a_reserve_does(app: Flask) -> None:
    families, club = [a_family() for _ in range(6)], a_club(places=2)
    a_group_fact(families[0].pupils[0], "young_carer", "yes")
    round_id = a_round(club, criteria=())
    for family in families:
        want(family, round_id, club)
    trial = what_if(round_id, at=AT)
    assert (trial.asked, trial.some, trial.nothing) == (6, 2.0, 4.0)
    reserved = what_if(round_id, at=AT, reserved={"young_carer": 1})
    assert reserved.some == 2.0
    assert reserved.by_ground["young_carer"] == (1, 1.0)
    assert trial.by_ground["young_carer"][1] < 1.0
    with unit_of_work():
        db.session.get_one(PreferenceRound, round_id).runs[0].reserved = {"young_carer": 1}
    draw(round_id)
    assert got(families[0]) == [club.id]


def test_it_is_drawn_once_and_not_while_it_is_open(app: Flask) -> None:
    round_id = a_round(a_club())
    with pytest.raises(RoundRefused):
        draw(round_id, at=AT)
    draw(round_id)
    with pytest.raises(RoundRefused):
        draw(round_id)


@pytest.mark.parametrize("case", ["booked", "two days", "twice", "over"])
def test_a_round_that_cannot_stand_is_refused(app: Flask, case: str) -> None:
    club = a_run(weekdays=[0, 2]) if case == "two days" else a_club()
    if case == "booked":
        buy(a_family(), club.sessions[0])
    if case == "twice":
        a_round(club)
    with pytest.raises(RoundRefused):
        a_round(club, closes_at=AT if case == "over" else CLOSES)


def test_a_round_without_clubs_is_refused(app: Flask) -> None:
    empty = RoundDetails("Empty", a_club().period_id, (), AT, CLOSES, ())
    with pytest.raises(RoundRefused), unit_of_work():
        announce(empty, at=AT, user_id=1)


def test_only_the_own_children_are_ranked_and_only_while_it_is_open(app: Flask) -> None:
    family, other, club = a_family(), a_family(), a_club()
    round_id = a_round(club)
    with pytest.raises(BookingError), unit_of_work():
        rank(round_id, other.pupils[0].id, [club.id], account_id=family.account.id, at=AT, user_id=None)
    with pytest.raises(RoundRefused):
        want(family, round_id, club, at=AFTER)
    want(family, round_id, club)
    second = a_family()
    save(
        Guardianship(
            user_id=second.user.id,
            pupil_id=family.pupils[0].id,
            created_at=AT,
            parental_responsibility="yes",
            may_book=True,
        )
    )
    with pytest.raises(RoundRefused, match="Another adult"), unit_of_work():
        rank(round_id, family.pupils[0].id, [], account_id=second.account.id, at=AT, user_id=None)


def test_the_log_keeps_who_asked_and_did_not_get(app: Flask) -> None:
    families, club = [a_family() for _ in range(2)], a_club(places=1, weeks=1)
    round_id = a_round(club)
    for family in families:
        want(family, round_id, club)
    draw(round_id)
    facts = db.session.execute(select(RequestFact.what, RequestFact.reason).order_by(RequestFact.id)).all()
    assert sorted(tuple(fact) for fact in facts if fact.what != "held") == [
        ("asked", None),
        ("asked", None),
        ("offered", None),
        ("waiting", "draw"),
    ]
