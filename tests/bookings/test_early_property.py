"""Whatever happens around an early window, no child without an opened link is held before the day; with one it can be.

The twins take each guard out, and the same walk must then find the harm.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.bookings import rules, situations
from booking.bookings.early_links import LinkIsOver, link_to, withdraw_link
from booking.bookings.early_models import EarlyAccess
from booking.bookings.early_rule import Early
from booking.bookings.early_windows import EarlyRefused, take_back
from booking.bookings.models import Place
from booking.bookings.rules import PupilFacts, SessionFacts, Situation
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.provision.models import Run
from tests.bookings.early import (
    EARLY,
    OPENS,
    a_coming_run,
    a_window,
    send,
    try_for,
    use,
    who_came,
    with_premium,
)
from tests.builders import Family, a_family, a_user

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
SESSION = SessionFacts(
    id=1, run_id=1, date=date(2026, 12, 30), starts_at=time(15), ends_at=time(16), capacity=10, status="planned",
    run_status="open", price_pence=0, year_groups=("3",), opens_at=FIRST, closes_days_before=0, closes_at=time(12),
    sold_as="session", needs_consent=None, in_round=False, activity_id=1, activity="Chess", kind="club", seller_id=1,
    is_free_slot=False, room_id=1, minutes_away=0,
)  # fmt: skip
hours = st.integers(0, 24 * 20).map(lambda n: FIRST + timedelta(hours=n))


@given(
    at=hours, opens_at=hours, early_at=hours, share=st.integers(1, 100), capacity=st.integers(0, 12),
    taken=st.integers(0, 12), has_link=st.booleans(), is_ours=st.booleans(), year=st.sampled_from(["3", "4"]),
)  # fmt: skip
def test_the_rule_by_itself(
    at: datetime, opens_at: datetime, early_at: datetime, share: int, capacity: int, taken: int,
    has_link: bool, is_ours: bool, year: str,
) -> None:  # fmt: skip
    session = SessionFacts(**{**SESSION.__dict__, "opens_at": opens_at, "capacity": capacity})
    pupil = PupilFacts(1, "Ada", year, "on_roll", None, None)
    situation = Situation(at, {1: session}, {1: pupil}, live={1: taken})
    without = situation.why_not(1, 1, 7)
    if has_link:
        situation.early = {(7 if is_ours else 8, 1, 1): Early(early_at, share)}
    found = situation.why_not(1, 1, 7)
    if at >= opens_at or not has_link or not is_ours:
        assert found == without, "a link changes nothing for others, and nothing from the day on"
    if found is None:
        assert year == "3"
        assert taken < capacity
        assert at >= opens_at or (has_link and is_ours and at >= early_at)
        assert at >= opens_at or taken < capacity * share // 100
    elif found.reason == "not_open":
        assert at < opens_at


def _walk(seed: int) -> tuple[list[str], int]:
    """Sixty random acts in and around a window; the harm that was seen, and how many places went early."""
    dice = random.Random(seed)
    run = a_coming_run(places=6)
    session = run.sessions[0]
    families: list[Family] = [*who_came(run), *with_premium(3), *(a_family() for _ in range(3))]
    families.append(a_family(year_group="4"))
    with unit_of_work():
        db.session.get_one(Run, run.id).year_groups = ["3"]
    share = dice.choice([34, 50, 100])
    window_id, office = a_window(run, share=share), a_user("manager").id
    send(window_id)
    harm, at = [], EARLY - timedelta(minutes=20)
    for step in range(60):
        family, at = dice.choice(families), at + timedelta(minutes=dice.randint(0, 3))
        act = dice.choice(["use", "use", "try", "try", "try", "try", "withdraw", "end"])
        try:
            if act == "use":
                use(family, window_id, at)
            elif act == "withdraw" and dice.random() < 0.3:
                with unit_of_work():
                    withdraw_link(link_to(window_id, family.account.id, at=at), "why", at=at, user_id=office)
            elif act == "end" and step > 40:
                with unit_of_work():
                    take_back(window_id, "why", at=at, user_id=office)
            elif act == "try":
                harm += _harm(family, bool(try_for(family, session, at=at).held), window_id, at)
        except (EarlyRefused, LinkIsOver, NotFound):
            continue
        live = db.session.query(Place).filter(Place.session_id == session.id, Place.state == "held").count()
        if live > 6 * share // 100:
            harm.append(f"{live} places went early")
    return harm, db.session.query(Place).filter(Place.session_id == session.id).count()


def _harm(family: Family, held: bool, window_id: int, at: datetime) -> list[str]:
    assert at < OPENS
    rows = db.session.scalars(
        select(EarlyAccess).where(
            EarlyAccess.window_id == window_id, EarlyAccess.account_id == family.account.id
        )
    ).all()
    may = at >= EARLY and any(
        row.opened_at and not row.withdrawn_at and not row.window.ended_at for row in rows
    )
    found = ["held without an opened link"] if held and not may else []
    return found + (["another year group"] if held and family.pupils[0].year_group == "4" else [])


@pytest.mark.parametrize("seed", range(6))
def test_nobody_without_an_opened_link_is_held_before_the_day(app: Flask, seed: int) -> None:
    harm, went = _walk(seed)
    assert harm == []
    assert went > 0, "a walk in which nobody books early proves nothing"


@pytest.mark.parametrize("guard", ["opened", "share", "day"])
def test_with_a_guard_taken_out_the_same_walk_finds_the_harm(
    app: Flask, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    if guard == "opened":
        every = {
            (a, p, r): Early(EARLY, 100) for a in range(1, 200) for p in range(1, 200) for r in range(1, 20)
        }
        monkeypatch.setattr(situations, "read_early", lambda runs, pupils: every)
    elif guard == "share":
        monkeypatch.setattr(Early, "is_used_up", lambda self, taken, places: False)
    else:
        monkeypatch.setattr(rules, "opens_for", lambda early, opens_at, at, taken, places: at)
    assert any(_walk(seed)[0] for seed in range(3))
