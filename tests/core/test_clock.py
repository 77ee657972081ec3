"""The school's wall clock on the two days when it moves, and the shared offset."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking.core import clock
from booking.core.errors import SettingsError


def test_a_time_that_happens_twice_means_the_first() -> None:
    assert clock.instant(date(2026, 10, 25), time(1, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_never_happens_moves_forward_with_the_clock() -> None:
    found = clock.instant(date(2027, 3, 28), time(1, 30))
    assert clock.to_school(found).time() == time(2, 30)


def test_the_school_day_changes_at_the_schools_midnight() -> None:
    assert clock.today(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)


@pytest.mark.parametrize(("words", "seconds"), [("90", 90), ("-15m", -900), ("+3d", 259200), ("2h", 7200)])
def test_an_offset_is_seconds_or_a_number_with_a_unit(words: str, seconds: int) -> None:
    assert clock.parse_offset(words) == timedelta(seconds=seconds)


def test_a_wrong_offset_is_refused_in_one_line() -> None:
    with pytest.raises(SettingsError, match="BOOKING_CLOCK_OFFSET"):
        clock.parse_offset("soon")


def test_now_honours_the_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKING_CLOCK_OFFSET", "0")
    plain = clock.now()
    monkeypatch.setenv("BOOKING_CLOCK_OFFSET", "1d")
    assert timedelta(hours=23) < clock.now() - plain < timedelta(hours=25)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        clock.to_school(datetime(2026, 1, 1))
