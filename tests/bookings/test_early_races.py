"""Early booking at one moment: one window a run, and no more early places than may go; each with its control."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from booking.bookings import early_windows, places
from booking.bookings.early_windows import EarlyDetails, EarlyRefused, make_window, published_windows
from booking.core.db import db
from booking.provision.models import Run
from tests.bookings.early import (
    EARLY,
    IN_WINDOW,
    RULE,
    a_coming_run,
    a_manager,
    a_sent_window,
    use,
    who_came,
    with_premium,
)
from tests.bookings.rushes import Act, at_once, take_out_the_locks
from tests.bookings.rushes import a_choice as chosen
from tests.builders import AT


def _publishing(run: Run) -> Act:
    details, user_id = EarlyDetails((run.id,), EARLY, RULE), a_manager()
    return lambda: make_window(details, at=AT, user_id=user_id).id


def _a_run_with_families() -> Run:
    run = a_coming_run()
    who_came(run)
    with_premium()
    return run


def test_of_managers_who_publish_at_one_moment_one_does(app: Flask) -> None:
    run = _a_run_with_families()
    results = at_once(app, [_publishing(run) for _ in range(4)])
    assert sum(isinstance(one, int) for one in results) == 1, results
    refused = [str(one) for one in results if isinstance(one, EarlyRefused)]
    assert len(refused) == 3
    assert all("has an early window already" in words for words in refused)
    assert len(published_windows(AT)) == 1


def test_the_control_publishes_two_windows_for_one_run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _a_run_with_families()
    acts = [_publishing(run) for _ in range(2)]
    monkeypatch.setattr(early_windows, "_lock_runs", lambda run_ids: None)
    take_out_the_locks(monkeypatch, 2, [(early_windows, "who_comes_in")])
    assert all(isinstance(one, int) for one in at_once(app, acts))
    assert len(published_windows(AT)) == 2


def _holding_early(places_there: int) -> tuple[Callable[[], int], list[Act]]:
    """Families whose links were opened and who all want one session; and how many hold it."""
    run, window_id, families = a_sent_window(places=places_there)
    session_id = run.sessions[0].id
    for family in families:
        use(family, window_id)
    baskets = [chosen(one.account, [(one.pupils[0].id, session_id)]).id for one in families]

    def holding(basket_id: int) -> Act:
        return lambda: len(places.take_holds(basket_id, "all", at=IN_WINDOW, user_id=None).held)

    def held() -> int:
        count = db.session.query(places.Place).filter_by(session_id=session_id, state="held").count()
        db.session.rollback()
        return int(count)

    return held, [holding(basket_id) for basket_id in baskets]


def test_the_last_early_place_goes_to_one_family(app: Flask) -> None:
    held, acts = _holding_early(2)
    assert sorted(at_once(app, acts)) == [0, 0, 0, 0, 1]
    assert held() == 1


def test_the_control_without_the_locks_gives_it_to_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    held, acts = _holding_early(2)
    take_out_the_locks(monkeypatch, len(acts), [(places, "load_situation")])
    assert at_once(app, acts) == [1] * 5
    assert held() == 5
