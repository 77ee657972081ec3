"""A school just before opening day: clubs that are not open yet, families on mixed grounds, and their links."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from booking.bookings.baskets import choose_week
from booking.bookings.early_links import link_to, open_link
from booking.bookings.early_windows import EarlyDetails, make_window, send_links
from booking.bookings.places import HoldResult, take_holds
from booking.core.db import unit_of_work
from booking.provision.models import Run, Session
from tests.builders import AT, Family, a_family, a_group_fact, a_place, a_run, a_session, a_user

OPENS = AT + timedelta(days=7)
EARLY = AT + timedelta(days=3)
IN_WINDOW = EARLY + timedelta(hours=1)
LESSON = date(2026, 12, 9)
RULE = ("pupil_premium", "young_carer", "sibling", "present")


def a_coming_run(places: int = 4, **values: object) -> Run:
    """A club with one session that opens in a week; it ran in the last weeks as well."""
    run = a_run(**{"opens_at": OPENS, "capacity": places, **values})
    a_session(LESSON, run=run, capacity=places)
    return run


def who_came(run: Run, number: int = 3) -> list[Family]:
    """Families whose child came to the same activity this month."""
    before = a_session(date(2026, 11, 18), activity_id=run.activity_id)
    return [came(a_family(), before) for _ in range(number)]


def came(family: Family, session: Session) -> Family:
    a_place(family, session)
    return family


def with_premium(number: int = 2) -> list[Family]:
    families = [a_family() for _ in range(number)]
    for family in families:
        a_group_fact(family.pupils[0], "pupil_premium", "yes")
    return families


def a_window(*runs: Run, share: int = 50, at: datetime = AT, grounds: Collection[str] = RULE) -> int:
    """A window that is published; its id."""
    user_id = a_user("manager").id
    details = EarlyDetails(tuple(run.id for run in runs), EARLY, tuple(grounds), share)
    with unit_of_work():
        return make_window(details, at=at, user_id=user_id).id


def send(window_id: int, at: datetime = AT) -> int:
    user_id = a_user("manager").id
    with unit_of_work():
        return send_links(window_id, at=at, user_id=user_id)


def use(family: Family, window_id: int, at: datetime = AT) -> None:
    """An adult of the family opens its link."""
    with unit_of_work():
        open_link(link_to(window_id, family.account.id, at=at), at=at, user_id=family.user.id)


def try_for(family: Family, *sessions: Session, at: datetime = IN_WINDOW, child: int = 0) -> HoldResult:
    wanted = {(family.pupils[child].id, session.id) for session in sessions}
    with unit_of_work():
        basket = choose_week(family.account.id, wanted, wanted, at=at, user_id=None)
        return take_holds(basket.id, "all", at=at, user_id=None)


def a_manager() -> int:
    return a_user("manager").id


def a_sent_window(places: int = 10, share: int = 50) -> tuple[Run, int, list[Family]]:
    run = a_coming_run(places)
    families = [*who_came(run), *with_premium()]
    window_id = a_window(run, share=share)
    assert send(window_id) == 5
    return run, window_id, families


def reasons(family: Family, run: Run, at: datetime = IN_WINDOW) -> list[str]:
    return [refusal.reason for refusal in try_for(family, run.sessions[0], at=at).refused]
