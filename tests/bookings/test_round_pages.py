"""The pages of a preference round, by the real clock: what each person sees, and what nobody does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from booking.bookings.round_models import Preference, PreferenceRound
from booking.bookings.round_results import reason_of
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.office.letters import round_letter
from booking.people.models import Guardianship
from booking.provision.models import Run
from tests.bookings.test_rounds import a_club, a_round, draw, want
from tests.browser import Browser
from tests.builders import a_family, a_group_fact, a_user, save


def test_a_family_ranks_and_reads_its_own_line_alone(app: Flask, browser: Browser) -> None:
    """The whole journey through the pages, by the real clock."""
    now = clock.now()
    family, other = a_family(), a_family()
    first = clock.today() + timedelta(days=28 - clock.today().weekday())
    club = a_club(places=1, weeks=1, on=first)
    a_group_fact(other.pupils[0], "pupil_premium", "yes")
    round_id = a_round(club, at=now - timedelta(hours=1), closes_at=now + timedelta(hours=1))
    want(other, round_id, club, at=now)
    browser.sign_in(family.user)
    assert club.activity.name in browser.get("bookings.choose_clubs", round_id=round_id).text
    child = family.pupils[0].id
    answers = {"child": str(child), f"rank-{child}-1": str(club.id)}
    browser.post("bookings.keep_choices", answers, round_id=round_id, expect=303)
    with unit_of_work():
        db.session.get_one(PreferenceRound, round_id).closes_at = now - timedelta(minutes=1)
    office = Browser(app)
    office.sign_in(a_user("manager"))
    assert "Children who ranked" in office.get("office.preference_round", round_id=round_id).text
    office.post("office.publish_round", round_id=round_id, expect=302)
    assert "gives the published result" in office.get("office.replay_round", round_id=round_id).text
    second = Browser(app)
    joint = a_family()
    save(
        Guardianship(
            user_id=joint.user.id,
            pupil_id=child,
            created_at=now,
            parental_responsibility="yes",
            may_book=True,
        )
    )
    second.sign_in(joint.user)
    assert "Another adult has chosen" in second.get("bookings.choose_clubs", round_id=round_id).text
    mine = browser.get("bookings.choose_clubs", round_id=round_id).text
    assert "No club." in mine
    public = browser.get("bookings.round_page", round_id=round_id).text
    for text in (mine, public):
        assert other.pupils[0].first_name not in text.replace(family.pupils[0].first_name, "")
        assert "premium" not in mine
    context = {"round_id": round_id, "account_id": family.account.id, "to_user_id": family.user.id}
    letter = round_letter(context, base_url="http://localhost:8000")
    assert letter is not None
    assert "no club" in letter.text
    assert reason_of(db.session.scalars(select(Preference).where(Preference.pupil_id == child)).one())


def test_the_office_announces_a_round_and_a_governor_may_replay(app: Flask, browser: Browser) -> None:
    first = clock.today() + timedelta(days=28 - clock.today().weekday())
    club = a_club(on=first)
    club_period_ends(club, first + timedelta(days=60))
    browser.sign_in(a_user("manager"))
    day = f"{clock.today() + timedelta(days=7):%d/%m/%Y}"
    answers = {
        "name": "Spring clubs",
        "run_ids": str(club.id),
        "opens_on": f"{clock.today():%d/%m/%Y}",
        "closes_on": day,
        "closes_hour": "18:00",
        "most": "1",
        "criteria": "sibling",
        "reserve_for": "young_carer",
        "reserve_places": "1",
        "confirm_hours": "48",
    }
    browser.post("office.add_round", answers, expect=302)
    one = db.session.scalars(select(PreferenceRound)).one()
    assert (one.criteria, one.runs[0].reserved, one.state(clock.now())) == (
        ["sibling"],
        {"young_carer": 1},
        "open",
    )
    assert one.commitment in Browser(app).get("bookings.round_page", round_id=one.id).text
    with unit_of_work():
        one.opens_at = datetime(2026, 1, 1, tzinfo=UTC)
        one.closes_at = datetime(2026, 1, 2, tzinfo=UTC)
    draw(one.id, at=clock.now())
    governor = Browser(app)
    governor.sign_in(a_user("governor"))
    assert "gives the published result" in governor.get("office.replay_round", round_id=one.id).text


def club_period_ends(run: Run, on: date) -> None:
    with unit_of_work():
        run.period.ends_on = max(run.period.ends_on, on)
